import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { StopDeploymentCommand } from "@aws-sdk/client-appconfig";
import { LambdaClient } from "@aws-sdk/client-lambda";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { askGate } from "../../lib/rollout/ask-gate.ts";
import { currentDocument } from "../../lib/rollout/current.ts";
import { hasEnded } from "../../lib/rollout/deployments.ts";
import { deploymentProgress } from "../../lib/rollout/follow.ts";
import { documentInForce } from "../../lib/rollout/present-mode.ts";
import { deploy, promote, rollback } from "../../lib/rollout/move.ts";
import { openExample, type Example } from "../support/example-cloud.ts";

/** Wall milliseconds after which a test gives up on what should have happened by then. */
const PATIENCE_MS = 40_000;

describe("the gate and the guard, on the local cloud", () => {
  let example: Example;
  let lambda: LambdaClient;
  before(async () => {
    example = await openExample();
    lambda = new LambdaClient({
      endpoint: example.cloud.endpoint,
      region: example.cloud.region,
      credentials: example.cloud.credentials,
    });
  });
  after(async () => {
    lambda?.destroy();
    await example?.close();
  });

  /** Lets callers come until something is so. */
  async function requestsUntil(what: string, isSo: () => boolean | Promise<boolean>) {
    const startedAt = Date.now();
    do {
      for (let requests = 0; requests < 5; requests++) await example.request();
      assert.ok(Date.now() - startedAt < PATIENCE_MS, `not in time: ${what}`);
    } while (!(await isSo()));
  }

  const ask = (mode: "shadow" | "reverse-shadow" | "new") =>
    askGate(
      {
        client: lambda,
        functionName: example.outputs["GateFunction"]!,
        profileId: example.target.profileId,
      },
      { mode },
    );

  /** Past the gate, since what is deployed is not the matter here. */
  async function deployGradually(document: ModeDocument): Promise<number> {
    const { target } = example;
    const { document: from, latestDeployment } = await currentDocument(target);
    const { deploymentNumber } = await deploy(target, {
      from,
      to: { ...document, override: "a test" },
      strategyId: target.gradualStrategyId,
      latestDeployment,
      description: "a test",
    });
    return deploymentNumber;
  }

  const inForce = async () => (await documentInForce(example.target))?.mode;

  it("nobody skips a mode, nor goes on without evidence", async () => {
    await assert.rejects(example.deploy('{"mode":"new"}'), /one mode at a time/);
    await promote(example.target);
    assert.equal(await inForce(), "shadow");
    await assert.rejects(promote(example.target), /comparisons: wanted at least 60, measured 0/);
    assert.equal(await inForce(), "shadow");
  });

  it("mismatches in shadow alarm, keep the gate shut, and roll nothing back", async () => {
    const isAlarm = () => example.cloud.cloudWatch.alarmState(example.unhealthyArn) === "ALARM";
    await requestsUntil("an alarm", isAlarm);
    await requestsUntil("evidence", async () => {
      const { conditions } = await ask("reverse-shadow");
      const unmet = conditions.filter(({ met }) => !met).map(({ name }) => name);
      return unmet.length === 1 && unmet[0] === "mismatch rate";
    });
    assert.equal(await inForce(), "shadow");
  });

  it("evidence opens the gate", async () => {
    await example.backfill();
    await requestsUntil("the gate opens", async () => (await ask("reverse-shadow")).allowed);
    await example.deploy('{"mode":"reverse-shadow"}');
    assert.equal(await inForce(), "reverse-shadow");
  });

  /** Breaks V2's table, and lets callers come until something is so; none of them notices. */
  async function brokenUntil(what: string, isSo: () => boolean | Promise<boolean>) {
    const mend = example.cloud.inject({
      service: "dynamodb",
      when: ({ body }) => body.includes(example.outputs["PendingPaymentsTable"]!),
      respond: () => ({
        status: 400,
        headers: { "content-type": "application/x-amz-json-1.0" },
        body: '{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}',
      }),
    });
    try {
      await requestsUntil(what, isSo);
    } finally {
      mend();
    }
  }

  async function minutes(count: number): Promise<void> {
    const until = example.cloud.clock.now() + count * 60_000;
    await requestsUntil(`${count} minutes`, () => example.cloud.clock.now() > until);
  }

  /** So many steps back are the guard's. It counts one when that is in force, so a little later. */
  async function guardStepped(times: number): Promise<void> {
    const steps = () => example.printed("GuardRollbacks");
    await requestsUntil("the guard's count", () => steps() >= times);
    assert.equal(steps(), times);
  }

  it("long after the rollout V2 fails: the guard goes back one mode, and no caller fails", async () => {
    await minutes(5);
    await brokenUntil("a step back", async () => (await inForce()) === "shadow");
    await minutes(3);
    await guardStepped(1);
    assert.equal(await inForce(), "shadow", "and stays there");
  });

  it("V2 fails while its sampling changes: that is out of the way first", async () => {
    await requestsUntil("the gate opens", async () => (await ask("reverse-shadow")).allowed);
    await example.deploy('{"mode":"reverse-shadow"}');
    await minutes(4);
    await deployGradually({ mode: "reverse-shadow", sample: { secondary: 0.9 } });
    await brokenUntil("a step back", async () => (await inForce()) === "shadow");
    await guardStepped(2);
  });

  it("an operator goes back on no evidence, and an override goes on", async () => {
    const overrides = example.printed("GateOverrides");
    await example.deploy('{"mode":"reverse-shadow","override":"V1 is switched off tonight"}');
    assert.equal(example.printed("GateOverrides"), overrides + 1);
    await rollback(example.target);
    assert.equal(await inForce(), "shadow");
  });

  it("a try that was stopped begins the time in the mode anew", async () => {
    await minutes(3);
    const DeploymentNumber = await deployGradually({ mode: "reverse-shadow" });
    const { client, applicationId, environmentId } = example.target;
    const ids = { ApplicationId: applicationId, EnvironmentId: environmentId };
    await client.send(new StopDeploymentCommand({ ...ids, DeploymentNumber }));
    await requestsUntil("an end", async () => {
      const { state } = await deploymentProgress(example.target, DeploymentNumber);
      return hasEnded(state);
    });
    const { conditions } = await ask("reverse-shadow");
    assert.equal(conditions.find(({ name }) => name === "time in mode")?.met, false);
  });

  it("neither the gate nor the guard may do more than it does", () => {
    const unused = example.cloud.iam
      .grants()
      .filter(({ logicalId }) => /^Migration(?:Gate|Guard)/.test(logicalId))
      .filter(({ uses }) => uses === 0);
    assert.deepEqual(
      unused.map(({ statement }) => statement),
      [],
    );
  });
});
