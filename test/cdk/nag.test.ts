import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Application } from "aws-cdk-lib/aws-appconfig";
import { Key } from "aws-cdk-lib/aws-kms";
import { AwsSolutionsChecks } from "cdk-nag";
import { CustomerIdsStack } from "../../lambdas/customer-ids/stack.ts";
import { PaymentsStack } from "../../lambdas/payments/stack.ts";
import { Migration } from "../../lib/cdk/index.ts";

describe("cdk-nag's AwsSolutions finds nothing that isn't justified", () => {
  const findings = (define: (app: App) => void): string[] => {
    // The code of the functions is no matter of these tests.
    const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
    define(app);
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    return violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
  };

  it("in the examples", () => {
    const found = findings((app) => {
      new CustomerIdsStack(app, "CustomerIds");
      new PaymentsStack(app, "Payments");
    });
    assert.deepEqual(found, []);
  });

  it("in a migration with what is one's own", () => {
    const found = findings((app) => {
      const stack = new Stack(app, "Test");
      new Migration(stack, "Things", {
        migrationName: "things",
        application: Application.fromApplicationId(stack, "Own", "abc1234"),
        encryptionKey: new Key(stack, "Key", { enableKeyRotation: true }),
      });
    });
    assert.deepEqual(found, []);
  });

  it("but does find what nobody spoke for", () => {
    const found = findings((app) => void new Key(new CustomerIdsStack(app, "CustomerIds"), "Key"));
    assert.deepEqual(found, ["AwsSolutions-KMS5 CustomerIds/Key/Resource"]);
  });
});
