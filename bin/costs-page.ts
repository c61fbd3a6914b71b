import { readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";
import { withCostTables } from "../lib/costs/costs-tables.ts";

const page = new URL("../docs/costs.md", import.meta.url);
const made = withCostTables(readFileSync(page, "utf8"));
writeFileSync(page, await format(made, { parser: "markdown" }));
