/**
 * A table of records in a process of its own. Tells its parent the variables by which the AWS SDK finds
 * it, and ends with its parent.
 */
import { openRecordsTable } from "./records-table.ts";

const table = await openRecordsTable();
process.on("disconnect", () => void table.close());
const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
process.send!({ AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY });
