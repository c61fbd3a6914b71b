import type { DeploymentState } from "@aws-sdk/client-appconfig";
import type { ModeDocument } from "../mode/mode-document.ts";
import type { DeploymentProgress } from "../rollout/follow.ts";
import type { Verdict } from "../rollout/gate.ts";
import { documentText } from "../rollout/move-kind.ts";
import { askToGoAhead, assertAnswerable } from "./ask.ts";
import type { CommandContext } from "./command.ts";
import { refusalOf } from "./errors.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import { follow } from "./follow.ts";
import type { CommonOptions, Operator } from "./operator.ts";
import { printable } from "../text/printable.ts";
import { gateText } from "./status-text.ts";

/** Options of the commands that change something. */
export interface MoveOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** What is about to be done. */
export interface PlannedMove {
  readonly from: ModeDocument;
  readonly to: ModeDocument;
  /** What it means, for who decides about it. */
  readonly means: readonly string[];
  /** What the gate says, where it was asked. */
  readonly gate?: Verdict | { readonly unreadable: string };
  /** The states in which the deployment ends if all goes well: others where it is to be stopped. */
  readonly goals: readonly DeploymentState[];
  /** Does it, and resolves to the number of the deployment to follow. */
  start(): Promise<number>;
}

type Outcome = Exclude<keyof typeof EXIT_CODES, "failed" | "usage"> | "dryRun";

/** Shows what will change, asks, does it, and follows it to its end. */
export async function carryOut(
  { terminal, interruption }: CommandContext,
  operator: Operator,
  move: PlannedMove,
  options: MoveOptions,
): Promise<ExitCode> {
  const { colors } = terminal;
  assertAnswerable(options.yes === true || options.dryRun === true, terminal);
  const { migration, stage } = operator.parts;
  const { from, to, gate } = move;
  const say = (text: string) => {
    if (!options.json) terminal.print(text);
  };
  const end = (outcome: Outcome, text: string, details: object = {}): ExitCode => {
    say(text);
    if (options.json) {
      const told = { migration, stage, outcome, from, to, ...(gate && { gate }), ...details };
      terminal.print(JSON.stringify(told, undefined, 2));
    }
    return outcome === "dryRun" ? EXIT_CODES.done : EXIT_CODES[outcome];
  };

  say(
    `${colors.bold(`${migration} (${stage})`)}: ${documentText(from)} → ${colors.bold(documentText(to))}`,
  );
  for (const line of move.means) say(`  ${line}`);
  if (gate !== undefined) say(`\n${gateText(gate, colors)}\n`);
  if (gate !== undefined && "allowed" in gate && !gate.allowed) {
    return end("refused", `${colors.red("refused by the gate")}; nothing was deployed`);
  }
  if (options.dryRun) return end("dryRun", "nothing was deployed: this was a dry run");
  if (!options.yes && !(await askToGoAhead("Go ahead?"))) {
    return end("declined", "nothing was deployed");
  }

  let number: number;
  try {
    number = await move.start();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    const text = refusal.split("\n").map(printable).join("\n");
    return end("refused", `${colors.red("refused")}\n${text}`, { refusal });
  }
  const signal = interruption();
  const progress = await follow(
    operator,
    { number, to },
    { terminal, signal, quiet: options.json === true },
  );
  const deployment = { number, state: progress?.state };
  if (progress === undefined) {
    const text = `deployment ${number} goes on; "segue status ${migration}" tells how it does`;
    return end("interrupted", text, { deployment });
  }
  if (move.goals.includes(progress.state)) {
    return end("done", colors.green(`done: ${migration} is in ${documentText(to)}`), {
      deployment,
    });
  }
  const why = endOf(progress);
  return end(
    "rolledBack",
    colors.red(`${progress.state}: ${migration} is in ${documentText(from)}. ${why}`),
    {
      deployment,
      why,
    },
  );
}

/** What AppConfig says about how a deployment ended otherwise. */
function endOf({ events }: DeploymentProgress): string {
  const event = events.findLast(
    ({ EventType }) => EventType?.startsWith("ROLLBACK") || EventType?.startsWith("REVERT"),
  );
  return printable(event?.Description ?? "");
}
