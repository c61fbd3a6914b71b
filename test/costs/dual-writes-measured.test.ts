import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { paginateScan, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { PaymentsEvent } from "../../lambdas/payments/event.ts";
import { migrationCosts } from "../../lib/costs/cost-model.ts";
import type { MigrationTraffic } from "../../lib/costs/traffic.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { openPaymentServices, type PaymentServices } from "../support/payment-services.ts";
import { countRequests, operationOf } from "../support/request-counts.ts";
import { openStack } from "../support/stack-cloud.ts";
import {
  assertNear,
  BYTES_TOLERANCE,
  withoutReactions,
  metricLines,
  past,
  PATIENCE_MS,
} from "./measuring.ts";

describe("the cost model, held to a migration of dual writes on the local cloud", () => {
  let services: PaymentServices;
  let stack: Awaited<ReturnType<typeof openStack>>;
  let toTable: ReturnType<typeof countRequests>;
  before(async () => {
    services = await openPaymentServices();
    stack = await openStack("Payments", {
      parameters: { V1Url: services.v1.url, V2Url: services.v2.url },
      edit: withoutReactions,
    });
    toTable = countRequests(stack.cloud, "dynamodb", operationOf);
  });
  after(async () => {
    await stack?.close();
    await services?.close();
  });

  const ask = (event: PaymentsEvent) => stack.invoke(stack.outputs["FunctionName"]!, event);

  /** Requests that each service has had since this was last asked. */
  let seen = { v1: 0, v2: 0 };
  function takeCalls() {
    const now = { v1: services.v1.requestCount(), v2: services.v2.requestCount() };
    const calls = { v1: now.v1 - seen.v1, v2: now.v2 - seen.v2 };
    seen = now;
    return calls;
  }

  /** Deploys a document, and reads until a read calls the versions that the new one calls. */
  async function move(document: ModeDocument, v1: number, v2: number): Promise<void> {
    await stack.deploy(past(document));
    const startedAt = Date.now();
    for (;;) {
      takeCalls();
      await ask({ action: "payments-of", customerId: "nobody" });
      const calls = takeCalls();
      if (calls.v1 === v1 && calls.v2 === v2) return;
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `not in force: ${JSON.stringify(document)}`);
    }
  }

  /** Makes payments, and compares what they lead to with what the model says. */
  async function hold(document: ModeDocument, { secondaryErrors = 0 } = {}): Promise<void> {
    const invocations = 8;
    const printedBefore = stack.logged.length;
    toTable.take();
    takeCalls();
    for (let payment = 0; payment < invocations; payment++) {
      // A customer each: repairs of one subject take note of one another.
      const customerId = `c-${document.mode}-${secondaryErrors}-${payment}`;
      const order = { customerId, paymentId: "p-1" };
      const amount = { minorUnits: 1250, currency: "EUR" } as const;
      const card = { number: "4242424242424242", expiry: "12/29", securityCode: "987" };
      await ask({ action: "pay", order: { ...order, amount, card } });
    }
    const calls = takeCalls();
    const requests = { ...toTable.take() };
    const logs = metricLines(stack.logged.slice(printedBefore));
    const hours = 1;
    const traffic: MigrationTraffic = {
      document,
      operations: [{ kind: "dual-write", secondaryErrors }],
      invocations,
      hours,
      environments: 1,
      repairMinutes: hours * 60,
    };
    const costs = migrationCosts(traffic);
    assert.deepEqual(calls, costs.calls, "calls");

    // The one repair pass of the hour, which the model has in its sums.
    await age();
    toTable.take();
    const passPrintedAt = stack.logged.length;
    const [report] = await stack.invoke(stack.outputs["RepairFunctionName"]!, {});
    assert.equal(report.done, invocations * secondaryErrors);
    const pass = metricLines(stack.logged.slice(passPrintedAt));
    for (const [operation, count] of Object.entries(toTable.take())) {
      requests[operation] = (requests[operation] ?? 0) + count;
    }
    const worked = Object.entries(costs.dynamoDb.requests).filter(([, count]) => count > 0);
    assert.deepEqual(
      requests,
      Object.fromEntries(worked.map(([name, count]) => [name, Math.round(count)])),
    );
    assertNear(logs.lines + pass.lines, costs.logs.lines, 1e-9, "lines");
    assertNear((logs.bytes + pass.bytes) / costs.logs.bytes, 1, BYTES_TOLERANCE, "bytes");
    assert.equal(logs.metrics + pass.metrics, costs.cloudWatch.metrics, "custom metrics");
  }

  /** Makes the repairs old enough for the pass to take them up. */
  async function age(): Promise<void> {
    const TableName = stack.outputs["RecordsTable"]!;
    for await (const { Items = [] } of paginateScan({ client: stack.dynamodb }, { TableName })) {
      for (const { pk, sk, dueAt } of Items) {
        if (dueAt === undefined) continue;
        await stack.dynamodb.send(
          new UpdateItemCommand({
            TableName,
            Key: { pk: pk!, sk: sk! },
            UpdateExpression: "SET dueAt = :due",
            ExpressionAttributeValues: { ":due": { S: new Date(0).toISOString() } },
          }),
        );
      }
    }
  }

  it("old: V1 alone", async () => {
    await ask({ action: "payments-of", customerId: "nobody" });
    await hold({ mode: "old" });
  });

  it("shadow: both, with the intent stored before and removed after", async () => {
    await move({ mode: "shadow" }, 1, 1);
    await hold({ mode: "shadow" });
  });

  it("shadow, and V2 fails: the repair pass makes good", async () => {
    const mend = services.v2.inject({
      before: "error",
      when: ({ method }) => method === "POST",
      times: 8,
    });
    try {
      await hold({ mode: "shadow" }, { secondaryErrors: 1 });
    } finally {
      mend();
    }
  });

  it("new: V2 alone", async () => {
    await move({ mode: "new" }, 0, 1);
    await hold({ mode: "new" });
  });

  it("reverse-shadow: both", async () => {
    await move({ mode: "reverse-shadow" }, 1, 1);
    await hold({ mode: "reverse-shadow" });
  });
});
