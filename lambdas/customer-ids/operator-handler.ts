import { operatorHandler } from "../../lib/index.ts";
import { customerDirectory } from "./customer-directory.ts";

/** Calls both versions again, and says whether they agree by now: what `segue replay` runs. */
export const handler = operatorHandler(customerDirectory);
