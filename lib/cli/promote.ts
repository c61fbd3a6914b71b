import type { Command } from "commander";
import type { ModeDocument } from "../mode/mode-document.ts";
import { currentDocument } from "../rollout/current.ts";
import { answersWithV2 } from "../rollout/move-kind.ts";
import { deploy, stepForward, strategyFor } from "../rollout/move.ts";
import { gateVerdict } from "../rollout/status.ts";
import { carryOut, type MoveOptions, type PlannedMove } from "./carry-out.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { openOperator, type Operator } from "./operator.ts";

/** Options of the moves that the gate may refuse. */
export interface ForwardOptions extends MoveOptions {
  readonly override?: string;
}

/** `segue promote`: one mode forward. */
export function promoteCommand(): Command {
  return asForward(
    segueCommand(
      "promote [migration]",
      "go one mode forward, if the gate lets it, and follow the deployment to its end",
      [
        ["segue promote customer-ids", "shows what will change, and asks"],
        ["segue promote customer-ids --dry-run", "what the gate would say"],
        [
          "segue promote customer-ids --yes --json",
          "in a pipeline: exit code 3 if refused, 4 if rolled back",
        ],
      ],
    ),
  ).action(
    runs(async (context, migration: string | undefined, options: ForwardOptions) => {
      const operator = await openOperator(migration, options);
      const move = await planMove(operator, stepForward, "promote", options);
      return carryOut(context, operator, move, options);
    }),
  );
}

/** Adds the options of the moves that the gate may refuse. */
export function asForward(command: Command): Command {
  return asMove(command).option(
    "--override <reason>",
    "go ahead without the gate's evidence; the reason is stored and reported",
  );
}

/** Adds the options of every move. */
export function asMove(command: Command): Command {
  return onMigration(command)
    .option("-y, --yes", "go ahead without asking")
    .option("--dry-run", "show what would change, and change nothing");
}

/** Plans the deployment of a document that is made from the one in force, and asks the gate about it. */
export async function planMove(
  operator: Operator,
  next: (from: ModeDocument) => ModeDocument,
  what: "promote" | "ramp",
  { override }: ForwardOptions,
): Promise<PlannedMove> {
  const { target } = operator;
  const { document: from, latestDeployment } = await currentDocument(target);
  const to = { ...next(from), ...(override !== undefined && { override }) };
  const strategyId = strategyFor(target, from, to);
  return {
    from,
    to,
    means: [meaningOf(to), howText(strategyId === target.gradualStrategyId)],
    gate: await gateVerdict(operator, to),
    goals: ["COMPLETE"],
    async start() {
      // What was shown is what is deployed, or nothing: somebody may have moved since.
      const { deploymentNumber } = await deploy(target, {
        from,
        to,
        strategyId,
        latestDeployment,
        description: `segue ${what}: ${from.mode} to ${to.mode}`,
      });
      return deploymentNumber;
    },
  };
}

/** Who answers the callers. */
export function meaningOf(to: ModeDocument): string {
  const { mode, ramp } = to;
  if (!answersWithV2(to)) {
    return mode === "old" && !ramp?.percent
      ? "V1 alone is called"
      : "V1 answers; V2 is called and compared";
  }
  if (ramp !== undefined && ramp.percent > 0) {
    return `${ramp.percent} % of the keys are in ${ramp.mode}, the others in ${mode}`;
  }
  return mode === "new"
    ? "V2 alone is called: there is no fallback any more"
    : "V2 answers; V1 is called, compared, and stands in where V2 fails";
}

export function howText(gradual: boolean): string {
  return gradual ? "step by step; AppConfig rolls back if the alarm unhealthy goes off" : "at once";
}
