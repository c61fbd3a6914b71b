import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rollbacksOf, type RollbackCause } from "../../lib/report/rollbacks.ts";
import type { PastDeployment } from "../../lib/rollout/past-deployment.ts";
import { deploymentOf } from "./fixture.ts";

const SPAN = { from: 0, to: 1_000 };
const NO_GUARD = { points: [], periodMs: 10 };
const SHADOW = deploymentOf(1, 0, { mode: "shadow" });
const BACK = { mode: "old" } as const;

const undoneBy = (triggeredBy: string, at = 20) =>
  deploymentOf(2, 10, { mode: "reverse-shadow" }, { undone: { at, triggeredBy, description: "" } });
const backAs = (description: string, at = 20) => deploymentOf(3, at, BACK, { description });

describe("rollbacks", () => {
  const cases: [what: string, deployment: PastDeployment, cause: RollbackCause][] = [
    ["an alarm during a deployment", undoneBy("CLOUDWATCH_ALARM"), "alarm"],
    ["somebody who stops one", undoneBy("USER"), "operator"],
    ["an extension that fails", undoneBy("APPCONFIG"), "appconfig"],
    ["an error within AppConfig", undoneBy("INTERNAL_ERROR"), "appconfig"],
    ["the guard", backAs("guard: shadow to old, as the alarm unhealthy went off"), "guard"],
    ["segue rollback", backAs("segue rollback: shadow to old"), "operator"],
    ["a script that says nothing", backAs(""), "operator"],
  ];
  for (const [what, deployment, cause] of cases) {
    it(`by ${what}`, () => {
      const [rollback, ...others] = rollbacksOf([SHADOW, deployment], SPAN, NO_GUARD);
      assert.deepEqual(others, []);
      assert.equal(rollback?.cause, cause);
      assert.equal(rollback?.at, 20);
      assert.equal(rollback?.deployment, deployment.number);
    });
  }

  it("a stop that the guard's metric has counted was the guard's", () => {
    const cause = (points: [number, number][], more: PastDeployment[] = []) =>
      rollbacksOf([SHADOW, undoneBy("USER", 25), ...more], SPAN, { points, periodMs: 10 })[0]
        ?.cause;
    assert.equal(cause([[20, 1]]), "guard");
    assert.equal(cause([[30, 1]]), "guard", "counted when it was done");
    assert.equal(cause([[0, 1]]), "operator", "another time's");
    const guards = backAs("guard: shadow to old", 28);
    assert.equal(cause([[20, 1]], [guards]), "operator", "it is the guard's own deployment's");
    assert.equal(cause([[20, 2]], [guards]), "guard");
  });

  it("are steps back alone, of the span of time alone", () => {
    const deployments = [
      SHADOW,
      deploymentOf(2, 10, { mode: "reverse-shadow" }),
      deploymentOf(3, 20, { mode: "shadow" }, { description: "segue rollback: …" }),
      // A step back that was stopped is none.
      deploymentOf(4, 30, BACK, { undone: { at: 31, triggeredBy: "USER", description: "" } }),
      deploymentOf(5, 40, { mode: "shadow", ramp: { mode: "reverse-shadow", percent: 50 } }),
      deploymentOf(6, 50, { mode: "shadow", ramp: { mode: "reverse-shadow", percent: 10 } }),
    ];
    const numbers = (from: number, to: number) =>
      rollbacksOf(deployments, { from, to }, NO_GUARD).map(({ deployment }) => deployment);
    assert.deepEqual(numbers(0, 1_000), [3, 6]);
    assert.deepEqual(numbers(0, 40), [3]);
    assert.deepEqual(numbers(21, 40), []);
  });

  it("the first deployment of all is no step back", () => {
    assert.deepEqual(rollbacksOf([undoneBy("USER")], SPAN, NO_GUARD), []);
    assert.deepEqual(rollbacksOf([], SPAN, NO_GUARD), []);
  });
});
