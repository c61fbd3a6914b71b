import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "../support/property.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { MODES, nextMode } from "../../lib/mode/mode.ts";
import { decideGuard, isV1ToBlame, type GuardedDeployment } from "../../lib/rollout/guard.ts";
import { documentText, stepBack } from "../../lib/rollout/move-kind.ts";

/** The alarm went off at 110, and what happened from 100 on answers it. */
const ANSWERED_SINCE = 100;

function documentOf(text: string): ModeDocument {
  const [mode, percent] = text.split(" ") as [ModeDocument["mode"], string?];
  if (percent === undefined) return { mode };
  return { mode, ramp: { mode: nextMode(mode)!, percent: Number(percent) } };
}

/** `90 COMPLETE reverse-shadow`: what was started when, and undone at once where it was undone. */
function deploymentsOf(texts: readonly string[]): GuardedDeployment[] {
  const deployments = texts.map((text, index): GuardedDeployment => {
    const [, start, undone, state, document] = /^(\d+)(?:-(\d+))? (\w+) (.*)$/.exec(text)!;
    return {
      number: index + 1,
      version: index + 1,
      profileId: "mode",
      state: state as GuardedDeployment["state"],
      startedAt: Number(start),
      completedAt: undefined,
      document: documentOf(document!),
      undoneAt: undone === undefined ? undefined : Number(undone),
    };
  });
  return deployments.toReversed();
}

describe("decideGuard", () => {
  const table: [what: string, deployments: string[], decision: string][] = [
    ["knows of no document", [], "nothing: no mode document is in force"],
    ["leaves old alone", ["0 COMPLETE old"], "nothing: the mode is old, where V1 answers"],
    [
      "leaves old with a ramp alone",
      ["0 COMPLETE old 50"],
      "nothing: the mode is old, where V1 answers",
    ],
    [
      "takes a mismatch in shadow for a finding",
      ["0 COMPLETE shadow"],
      "nothing: the mode is shadow, where V1 answers",
    ],
    ["ends a ramp in shadow", ["0 COMPLETE shadow 10"], "step-back: shadow"],
    ["goes back from reverse-shadow", ["0 COMPLETE reverse-shadow"], "step-back: shadow"],
    [
      "ends a ramp in reverse-shadow",
      ["0 COMPLETE reverse-shadow 10"],
      "step-back: reverse-shadow",
    ],
    ["goes back from new", ["0 COMPLETE new"], "step-back: reverse-shadow"],
    [
      "goes by the newest document",
      ["0 COMPLETE shadow", "50 COMPLETE reverse-shadow"],
      "step-back: shadow",
    ],
    [
      "goes back once",
      ["0 COMPLETE new", "111 COMPLETE reverse-shadow"],
      "nothing: deployment 2 went back already",
    ],
    [
      "knows a step back that is under way",
      ["0 COMPLETE new", "111 DEPLOYING reverse-shadow"],
      "nothing: deployment 2 went back already",
    ],
    [
      "knows a step back from just before the alarm",
      ["0 COMPLETE new", "105 COMPLETE reverse-shadow"],
      "nothing: deployment 2 went back already",
    ],
    [
      "knows nothing of the good old times",
      ["0 COMPLETE new", "95 COMPLETE reverse-shadow"],
      "step-back: shadow",
    ],
    [
      "knows a step back that was followed by a step forward",
      ["0 COMPLETE new", "111 COMPLETE reverse-shadow", "500 COMPLETE new"],
      "nothing: deployment 2 went back already",
    ],
    [
      "counts a step back that failed for none",
      ["0 COMPLETE new", "111-112 ROLLED_BACK reverse-shadow"],
      "step-back: reverse-shadow",
    ],
    [
      "isn't calmed by other changes",
      ["0 COMPLETE new", "111 COMPLETE new"],
      "step-back: reverse-shadow",
    ],
    [
      "isn't calmed by a step forward after the alarm",
      ["0 COMPLETE reverse-shadow", "111 COMPLETE new"],
      "step-back: reverse-shadow",
    ],
    [
      "stops a promotion, and leaves it at that",
      ["0 COMPLETE reverse-shadow", "90 DEPLOYING new"],
      "stop: 2",
    ],
    ["stops a promotion that bakes", ["0 COMPLETE reverse-shadow", "90 BAKING new"], "stop: 2"],
    [
      "stops a promotion to reverse-shadow",
      ["0 COMPLETE shadow", "90 DEPLOYING reverse-shadow"],
      "stop: 2",
    ],
    ["stops a ramp that begins", ["0 COMPLETE shadow", "90 DEPLOYING shadow 10"], "stop: 2"],
    [
      "stops no promotion to shadow",
      ["0 COMPLETE old", "90 DEPLOYING shadow"],
      "nothing: the mode is old, where V1 answers",
    ],
    [
      "leaves it to AppConfig, where that rolls the promotion back",
      ["0 COMPLETE reverse-shadow", "90 ROLLING_BACK new"],
      "nothing: deployment 2 is ROLLING_BACK, which was the step back",
    ],
    [
      "leaves it at AppConfig's rollback",
      ["0 COMPLETE reverse-shadow", "90-115 ROLLED_BACK new"],
      "nothing: deployment 2 is ROLLED_BACK, which was the step back",
    ],
    [
      "leaves it at an operator's revert",
      ["0 COMPLETE reverse-shadow", "20-101 REVERTED new"],
      "nothing: deployment 2 is REVERTED, which was the step back",
    ],
    [
      "goes back although a promotion was rolled back long ago",
      ["0 COMPLETE reverse-shadow", "20-30 ROLLED_BACK new"],
      "step-back: shadow",
    ],
    [
      "stops another change, and goes back",
      ["0 COMPLETE reverse-shadow", "90 DEPLOYING reverse-shadow"],
      "step-back: shadow, stop 2",
    ],
    [
      "goes back at once where a slow step back is under way",
      ["0 COMPLETE new", "20 DEPLOYING reverse-shadow"],
      "step-back: reverse-shadow, stop 2",
    ],
  ];
  for (const [what, texts, expected] of table) {
    it(what, () => {
      const decision = decideGuard(deploymentsOf(texts), ANSWERED_SINCE);
      let got: string;
      switch (decision.act) {
        case "nothing":
          got = `nothing: ${decision.why}`;
          break;
        case "stop":
          got = `stop: ${decision.running.number}`;
          break;
        case "step-back":
          got = `step-back: ${documentText(decision.to)}`;
          if (decision.stopFirst !== undefined) got += `, stop ${decision.stopFirst.number}`;
      }
      assert.equal(got, expected);
    });
  }

  it("never takes two steps for one alarm, nor one past what answers with V2", () => {
    const document = fc
      .tuple(fc.constantFrom(...MODES), fc.constantFrom(undefined, 0, 5e-324, 50, 100))
      .map(([mode, percent]) =>
        documentOf(percent === undefined || mode === "new" ? mode : `${mode} ${percent}`),
      );
    const deployment = fc.record({
      state: fc.constantFrom("COMPLETE", "ROLLED_BACK", "REVERTED"),
      at: fc.nat(200),
      document,
    });
    fc.assert(
      fc.property(fc.array(deployment, { maxLength: 6 }), (given) => {
        const deployments = given
          .toSorted((a, b) => a.at - b.at)
          .map(({ state, at, document: deployed }, index): GuardedDeployment => ({
            number: index + 1,
            version: index + 1,
            profileId: "mode",
            state: state as "COMPLETE",
            startedAt: at,
            completedAt: at,
            document: deployed,
            undoneAt: state === "COMPLETE" ? undefined : at + 1,
          }))
          .toReversed();
        const decision = decideGuard(deployments, ANSWERED_SINCE);
        if (decision.act !== "step-back") return;
        assert.deepEqual(decision.to, stepBack(decision.from));
        const done: GuardedDeployment = {
          ...deployments[0]!,
          number: 99,
          state: "COMPLETE",
          startedAt: 300,
          document: decision.to,
        };
        assert.equal(decideGuard([done, ...deployments], ANSWERED_SINCE).act, "nothing");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("isV1ToBlame", () => {
  const well = { calls: 1_000, errors: 0 };
  const failing = { calls: 1_000, errors: 400 };
  const table: [what: string, recent: Parameters<typeof isV1ToBlame>[0], toBlame: boolean][] = [
    [
      "V1 fails as the secondary",
      { comparisons: 1_000, disagreements: 400, secondaryFailures: 400, v1: failing, v2: well },
      true,
    ],
    [
      "and a few answers differ",
      { comparisons: 1_000, disagreements: 409, secondaryFailures: 400, v1: failing, v2: well },
      true,
    ],
    [
      "and many answers differ",
      { comparisons: 1_000, disagreements: 500, secondaryFailures: 400, v1: failing, v2: well },
      false,
    ],
    [
      "and V2 fails as often",
      { comparisons: 1_000, disagreements: 400, secondaryFailures: 400, v1: failing, v2: failing },
      false,
    ],
    [
      "V2 answers wrongly",
      { comparisons: 1_000, disagreements: 400, secondaryFailures: 0, v1: well, v2: well },
      false,
    ],
    [
      "V1 fails now and then, and the alarm is another one",
      {
        comparisons: 1_000,
        disagreements: 5,
        secondaryFailures: 5,
        v1: { calls: 1_000, errors: 5 },
        v2: well,
      },
      false,
    ],
    [
      "nothing is compared",
      {
        comparisons: 0,
        disagreements: 0,
        secondaryFailures: 0,
        v1: { calls: 0, errors: 0 },
        v2: failing,
      },
      false,
    ],
  ];
  for (const [what, recent, toBlame] of table) {
    it(`${toBlame}: ${what}`, () => assert.equal(isV1ToBlame(recent, 1), toBlame));
  }
});
