import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { format } from "prettier";
import { withCostTables } from "../../lib/costs/costs-tables.ts";

it("docs/costs.md has what the model gives; `npm run costs` puts it there", async () => {
  const page = readFileSync(new URL("../../docs/costs.md", import.meta.url), "utf8");
  assert.equal(page.match(/<!-- costs: /g)?.length, 4);
  assert.equal(await format(withCostTables(page), { parser: "markdown" }), page);
});

it("a table that there is none of is a clear error", () => {
  assert.throws(
    () => withCostTables("<!-- costs: writs -->\n<!-- end -->"),
    /got writs, allowed is modes/,
  );
});
