import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DeleteHostedConfigurationVersionCommand,
  StopDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import { readHistory } from "../../lib/rollout/history.ts";
import { MINUTE, rolloutFixture } from "./fixture.ts";

describe("the history of the deployments", () => {
  it("tells what was deployed and how it ended, the oldest first", async (test) => {
    const { clock, target, ids, deploy, put } = await rolloutFixture(test);
    const start = clock.now();
    await deploy({ mode: "old" });
    await clock.advance(10 * MINUTE);
    await deploy({ mode: "shadow" });
    await deploy({ mode: "reverse-shadow" }, "gradual");
    await clock.advance(2 * MINUTE);
    await put("Disagreements", 1);
    await clock.advance(10 * MINUTE);
    const stopped = await deploy({ mode: "reverse-shadow" }, "gradual");
    await clock.advance(MINUTE);
    await target.client.send(new StopDeploymentCommand({ ...ids, DeploymentNumber: stopped }));
    await clock.advance(MINUTE);
    const reverted = await deploy({ mode: "shadow", sample: { matches: 1 } });
    await clock.advance(MINUTE);
    await target.client.send(
      new StopDeploymentCommand({ ...ids, DeploymentNumber: reverted, AllowRevert: true }),
    );
    await clock.advance(MINUTE);
    await deploy({ mode: "reverse-shadow" }, "gradual");

    const seen: number[] = [];
    const { deployments, unreadable } = await readHistory(target, start, (read) => seen.push(read));
    assert.equal(unreadable, 0);
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(
      deployments.map(({ number, document, completedAt, undone }) => [
        number,
        document.mode,
        completedAt !== undefined,
        undone?.triggeredBy,
      ]),
      [
        [1, "old", true, undefined],
        [2, "shadow", true, undefined],
        [3, "reverse-shadow", false, "CLOUDWATCH_ALARM"],
        [4, "reverse-shadow", false, "USER"],
        [5, "shadow", false, "USER"],
        [6, "reverse-shadow", false, undefined],
      ],
    );
    const [, shadow, alarmed, byUser] = deployments;
    assert.equal(shadow!.startedAt, start + 10 * MINUTE);
    assert.match(alarmed!.undone!.description, /CloudWatch Alarm.*unhealthy/);
    assert.ok(alarmed!.undone!.at > alarmed!.startedAt);
    assert.equal(byUser!.undone!.at, byUser!.startedAt + MINUTE);
  });

  it("goes back to what was in force, and no further", async (test) => {
    const { clock, target, deploy } = await rolloutFixture(test);
    const start = clock.now();
    for (const mode of ["old", "shadow", "reverse-shadow"]) {
      await deploy({ mode });
      await clock.advance(10 * MINUTE);
    }
    const { deployments } = await readHistory(target, start + 15 * MINUTE);
    assert.deepEqual(
      deployments.map(({ document }) => document.mode),
      ["shadow", "reverse-shadow"],
    );
  });

  it("counts what is no document, and what is deleted", async (test) => {
    const { target, deploy } = await rolloutFixture(test);
    await deploy({ mode: "old" });
    await deploy({ mode: "newest" });
    await deploy({ mode: "shadow" });
    await target.client.send(
      new DeleteHostedConfigurationVersionCommand({
        ApplicationId: target.applicationId,
        ConfigurationProfileId: target.profileId,
        VersionNumber: 1,
      }),
    );
    const { deployments, unreadable } = await readHistory(target, 0);
    assert.deepEqual(
      deployments.map(({ document }) => document.mode),
      ["shadow"],
    );
    assert.equal(unreadable, 2);
  });
});
