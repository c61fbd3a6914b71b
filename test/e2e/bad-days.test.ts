import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readComparisons } from "../../lib/records/reader.ts";
import { openExample, type Example } from "../support/example-cloud.ts";

/** Wall milliseconds after which a test gives up on what should have happened by then. */
const PATIENCE_MS = 20_000;

describe("bad days, on the local cloud", () => {
  let example: Example;
  before(async () => (example = await openExample()));
  after(() => example?.close());

  /** Lets something be broken for as long as a test looks at it. */
  async function broken(
    fault: Parameters<Example["cloud"]["inject"]>[0],
    look: () => Promise<void>,
  ) {
    const mend = example.cloud.inject(fault);
    try {
      await look();
    } finally {
      mend();
    }
  }

  /** Lets callers come, one after the other, until something is so. */
  async function requestsUntil(what: string, isSo: () => boolean): Promise<void> {
    const startedAt = Date.now();
    do {
      await example.request();
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `not in time: ${what}`);
    } while (!isSo());
  }

  it("AppConfig is down when the function starts: callers have V1, and it is counted", async () => {
    const down = { status: 500, body: '{"Message":"down"}' };
    await broken({ service: "appconfig", respond: () => down }, () => example.request());
    assert.equal(example.printed("ModeDefaulted"), 1);
    assert.equal(example.printed("ModeReadFailures"), 1);
    assert.equal(example.printed("V1Calls"), 1);
    assert.equal(example.printed("V2Calls"), 0);
  });

  it("AppConfig is back, and in shadow: both run", async () => {
    await example.deploy('{"mode":"shadow"}');
    await requestsUntil("a comparison", () => example.printed("Comparisons") > 0);
  });

  it("DynamoDB refuses the records: callers don't notice, and each record is in the log", async () => {
    const refused = {
      status: 400,
      headers: { "content-type": "application/x-amz-json-1.0" },
      body: '{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}',
    };
    await broken(
      {
        service: "dynamodb",
        when: ({ headers }) => String(headers["x-amz-target"]).endsWith(".BatchWriteItem"),
        respond: () => refused,
      },
      () => requestsUntil("diverted records", () => example.printed("RecordsDiverted") >= 2),
    );
    const diverted = example.logged.filter((line) => line.includes("record diverted"));
    assert.equal(diverted.length, example.printed("RecordsDiverted"));
    const { record, why } = JSON.parse(diverted[0]!);
    assert.match(why, /AccessDenied/);
    assert.equal(record.signature, "$[*] missing");
    assert.equal(record.arguments, '["bookshop"]');
  });

  it("a document that is none comes past everybody: the last good one stays", async () => {
    for (const text of ['{"mode":"newest"}', "not json", '{"mode":"new","ramp":{}}']) {
      await assert.rejects(example.deploy(text), "the gate and the schema refuse it");
      const refused = example.printed("ModeDocumentsRefused");
      const comparisons = example.printed("Comparisons");
      await broken(
        {
          service: "appconfig",
          when: ({ path }) => path === "/configuration",
          respond: () => ({
            status: 200,
            headers: {
              "next-poll-configuration-token": "another",
              "next-poll-interval-in-seconds": "15",
            },
            body: text,
          }),
        },
        () => requestsUntil("a refusal", () => example.printed("ModeDocumentsRefused") > refused),
      );
      assert.ok(example.printed("Comparisons") > comparisons, "still in shadow");
    }
  });

  it("AppConfig hangs, for ten minutes of the cloud: the last good document stays", async () => {
    await example.backfill();
    await example.deploy('{"mode":"reverse-shadow","sample":{"matches":1},"override":"a test"}');
    const stored = example.printed("RecordsStored");
    await requestsUntil("a stored match", () => example.printed("RecordsStored") > stored);
    const failures = example.printed("ModeReadFailures");
    await broken({ service: "appconfig", respond: () => "hang" }, async () => {
      const until = example.cloud.clock.now() + 10 * 60_000;
      await requestsUntil("ten minutes", () => example.cloud.clock.now() >= until);
    });
    // The agent beside the function answers from its memory, so the function notices nothing.
    assert.equal(example.printed("ModeReadFailures"), failures);
  });

  it("V2's table hangs in shadow: no caller's answer waits for more than the time-out", async () => {
    await example.deploy('{"mode":"shadow"}');
    const left = example.printed("RecordsSampledOut");
    await requestsUntil("an unstored match", () => example.printed("RecordsSampledOut") > left);
    const timeouts = example.printed("Timeouts");
    await broken(
      {
        service: "dynamodb",
        when: ({ body }) => body.includes(example.outputs["PendingPaymentsTable"]!),
        respond: () => "hang",
      },
      () => requestsUntil("a time-out", () => example.printed("Timeouts") > timeouts),
    );
  });

  it("has used everything that the function is granted: nothing is to spare", () => {
    const unused = example.cloud.iam
      .grants()
      .filter(({ uses }) => uses === 0)
      // The gate, the guard and the operator function have bad days of their own.
      .filter(({ logicalId }) => !/^(?:Migration(?:Gate|Guard)|Operator)/.test(logicalId));
    assert.deepEqual(
      unused.map(({ statement }) => statement),
      [],
    );
  });

  it("leaves no comparison unaccounted for", async () => {
    const { printed, outputs, dynamodb } = example;
    const fates = ["RecordsStored", "RecordsDiverted", "RecordsCapped", "RecordsSampledOut"];
    assert.equal(
      fates.reduce((sum, fate) => sum + printed(fate), 0),
      printed("Comparisons"),
    );
    let stored = 0;
    const query = { client: dynamodb, table: outputs["RecordsTable"]!, migration: "customer-ids" };
    for await (const record of readComparisons({
      ...query,
      from: Date.now() - 600_000,
      to: Date.now(),
    })) {
      assert.equal(record.migration, "customer-ids");
      stored++;
    }
    assert.equal(stored, printed("RecordsStored"));
  });
});
