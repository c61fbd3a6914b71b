import { repairHandler } from "../../lib/index.ts";
import { payments } from "./payments.ts";

/** Takes up the payments of which one service knows and the other may not. */
export const handler = repairHandler(payments);
