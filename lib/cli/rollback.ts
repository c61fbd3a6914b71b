import { StopDeploymentCommand } from "@aws-sdk/client-appconfig";
import type { Command } from "commander";
import { currentDocument } from "../rollout/current.ts";
import { moveKind, stepBack } from "../rollout/move-kind.ts";
import { deploy } from "../rollout/move.ts";
import { readDeployments, type InForce, type UnderWay } from "../rollout/status.ts";
import { carryOut, type MoveOptions, type PlannedMove } from "./carry-out.ts";
import { runs, segueCommand } from "./command.ts";
import { CommandError } from "./errors.ts";
import { openOperator, type Operator } from "./operator.ts";
import { asMove, howText, meaningOf } from "./promote.ts";

/** `segue rollback`: one step back. */
export function rollbackCommand(): Command {
  return asMove(
    segueCommand(
      "rollback [migration]",
      "go one step back, at once: stop the deployment that is under way, else end the ramp, else go one mode back",
      [
        ["segue rollback customer-ids", "shows what will change, and asks"],
        ["segue rollback customer-ids --yes", "without a question"],
      ],
    ),
  ).action(
    runs(async (context, migration: string | undefined, options: MoveOptions) => {
      const operator = await openOperator(migration, options);
      const { inForce, underWay } = await readDeployments(operator.target);
      const move =
        inForce !== undefined && underWay !== undefined
          ? planStop(operator, inForce, underWay)
          : await planStepBack(operator);
      return carryOut(context, operator, move, options);
    }),
  );
}

/** What is under way is the step to take back, unless it is a step back itself. */
function planStop(
  { target }: Operator,
  { document }: InForce,
  { number, state, to }: UnderWay,
): PlannedMove {
  const goesBack = to !== undefined && moveKind(document, to) === "rollback";
  if (goesBack || state === "ROLLING_BACK") {
    throw new CommandError(
      `deployment ${number} goes back already: "segue status" tells how it does`,
    );
  }
  return {
    from: document,
    to: document,
    means: [`deployment ${number} is stopped; AppConfig goes back to what was in force`],
    goals: ["ROLLED_BACK", "REVERTED"],
    async start() {
      const { applicationId, environmentId } = target;
      await target.client.send(
        new StopDeploymentCommand({
          ApplicationId: applicationId,
          EnvironmentId: environmentId,
          DeploymentNumber: number,
          // Without it AppConfig stops what is DEPLOYING, and not what bakes. One that has completed
          // this very moment is reverted, which comes to the same.
          AllowRevert: true,
        }),
      );
      return number;
    },
  };
}

async function planStepBack({ target }: Operator): Promise<PlannedMove> {
  const { document: from, latestDeployment } = await currentDocument(target);
  const to = stepBack(from);
  if (to === undefined) throw new CommandError(`there is no mode before ${from.mode}`);
  return {
    from,
    to,
    means: [meaningOf(to), howText(false)],
    goals: ["COMPLETE"],
    async start() {
      const { deploymentNumber } = await deploy(target, {
        from,
        to,
        strategyId: target.immediateStrategyId,
        latestDeployment,
        description: `segue rollback: ${from.mode} to ${to.mode}`,
      });
      return deploymentNumber;
    },
  };
}
