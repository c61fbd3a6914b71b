import { it } from "node:test";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { CustomerIdsStack } from "../../lambdas/customer-ids/stack.ts";

it("the example's template is as it was", (t) => {
  const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
  const { Mappings, ...template } = Template.fromStack(
    new CustomerIdsStack(app, "CustomerIds"),
  ).toJSON();
  // Which layer a region has is the CDK's to know, and what the code's hash is changes with the code.
  const normalized = JSON.stringify(
    { ...template, Mappings: Object.keys(Mappings) },
    undefined,
    2,
  ).replaceAll(/\b[0-9a-f]{64}\b/g, "<asset>");
  t.assert.snapshot(normalized, { serializers: [String] });
});
