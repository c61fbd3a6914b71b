import { only, type Template } from "../template.ts";

export const handlerTestTemplate: Template = ({ migration, type, writes, importSuffix }) => {
  const event = writes ? `{ id: "second", amount: 2 }` : `{ id: "first" }`;
  const item = writes ? event : `{ id: "first", amount: 1 }`;
  return `/// <reference types="node" />
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "aws-lambda";
import { fixedMode, memoryMetrics, memoryRecords } from "middy-segue/testing";
import { make${type}Handler } from "./handler${importSuffix}";

const context = {
  awsRequestId: "a-request",
  getRemainingTimeInMillis: () => 10_000,
} as Context;

describe("${migration}", () => {
  for (const mode of ["old", "shadow", "reverse-shadow", "new"] as const) {
    it(\`answers in \${mode}, and where both versions run they agree\`, async () => {
      const records = memoryRecords({ throwOnDisagreement: true });
      const handler = make${type}Handler({
        modeSource: fixedMode(mode),
        records,
        metrics: memoryMetrics(),
      });
      const { item } = await handler(${event}, context);
      assert.deepEqual(item, ${item});
      const runsBoth = mode === "shadow" || mode === "reverse-shadow";
      assert.equal(records.comparisons.length > 0, runsBoth);
${only(writes, "      assert.deepEqual(records.repairs.stored, []);\n")}    });
  }
});
`;
};
