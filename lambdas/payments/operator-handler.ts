import { operatorHandler } from "../../lib/index.ts";
import { payments } from "./payments.ts";

/** Does what a person has decided about a call or a repair, by `segue replay` and `segue repair --id`. */
export const handler = operatorHandler(payments);
