import { InvalidArgumentError, type Command } from "commander";
import { rampTo } from "../rollout/move.ts";
import { carryOut } from "./carry-out.ts";
import { runs, segueCommand } from "./command.ts";
import { openOperator } from "./operator.ts";
import { asForward, planMove, type ForwardOptions } from "./promote.ts";

/** `segue ramp`: some keys into the next mode. */
export function rampCommand(): Command {
  return asForward(
    segueCommand("ramp", "move that share of the keys, 0 to 100 %, to the next mode", [
      ["segue ramp 10", "10 % of the keys of the only migration"],
      ["segue ramp 25 customer-ids", "more of them: those that were in it stay"],
      ["segue ramp 0 customer-ids --yes", "none: the ramp ends, at once"],
    ])
      .argument("<percent>", "percent of the keys", percentOf)
      .argument("[migration]"),
  ).action(
    runs(
      async (context, percent: number, migration: string | undefined, options: ForwardOptions) => {
        const operator = await openOperator(migration, options);
        const move = await planMove(operator, (from) => rampTo(from, percent), "ramp", options);
        return carryOut(context, operator, move, options);
      },
    ),
  );
}

function percentOf(text: string): number {
  const percent = Number(text);
  if (text.trim() === "" || !(percent >= 0 && percent <= 100)) {
    throw new InvalidArgumentError("Allowed is a number from 0 to 100.");
  }
  return percent;
}
