import { once } from "node:events";
import { InvalidArgumentError, type Command } from "commander";
import type { Cloud } from "../local/cloud.ts";
import { runs, segueCommand } from "./command.ts";
import { CommandError, explain } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { printable } from "../text/printable.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

interface LocalOptions {
  readonly stack?: readonly string[];
  readonly parameter: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly state?: string;
  readonly port?: number;
  readonly region?: string;
  readonly speed: number;
  readonly logs?: boolean;
  readonly json?: boolean;
}

/** `segue local`: the local cloud for a CDK app. */
export function localCommand(): Command {
  return segueCommand(
    "local [assembly]",
    "stand up what cdk synth wrote (cdk.out), on this machine, until Ctrl-C",
    [
      ["segue local", "all stacks of cdk.out"],
      ["segue local --stack CustomerIds --port 4566", "one stack, at an address of its own"],
      ["segue local --parameter Payments.V1Url=http://127.0.0.1:8080", "a template's parameter"],
      ["segue local --state .segue-local", "what it was when it ended, kept for the next time"],
      ["segue local --speed 60 --logs", "a minute in a second; what functions print"],
    ],
  )
    .option("--stack <name...>", "these stacks, and those that they depend on (default: all)")
    .option("--parameter <Stack.Name=value...>", "parameters of the templates", parameterOf, {})
    .option("--state <folder>", "keep the state in this folder (default: nothing is kept)")
    .option("--port <port>", "the port on 127.0.0.1 (default: a free one)", numberOf(1, 65_535))
    .option("--region <region>", "the region that it plays (default: us-east-1)")
    .option("--speed <times>", "how many times as fast its clock runs", numberOf(0.001, 1_000), 1)
    .option("--logs", "print what functions print, to the standard error")
    .option("--json", "print addresses and variables as one JSON object")
    .action(
      runs(async ({ terminal, interruption }, assembly = "cdk.out", options: LocalOptions) => {
        const signal = interruption();
        await using cloud = await open(assembly, options, (line) => terminal.complain(line));
        terminal.print(
          options.json
            ? JSON.stringify(told(cloud), undefined, 2)
            : cloudText(cloud, options.state, terminal.colors),
        );
        if (!signal.aborted) await once(signal, "abort");
        return EXIT_CODES.done;
      }),
    );
}

async function open(
  assembly: string,
  options: LocalOptions,
  log: (line: string) => void,
): Promise<Cloud> {
  const { stack: stacks, parameter: parameters, state, port, region, speed, logs } = options;
  // The other commands start without it, which is sooner.
  const [{ openCloud }, { compressedClock }] = await Promise.all([
    import("../local/cloud.ts"),
    import("../local/clock.ts"),
  ]);
  try {
    return await openCloud({
      assembly,
      stacks,
      parameters,
      state,
      port,
      region,
      clock: compressedClock(speed),
      ...(logs && {
        onLog: ({ functionName, line }) => log(`${functionName} ${printable(line)}`),
      }),
    });
  } catch (error) {
    const why = explain(error);
    const advice = why.includes("no manifest.json") ? ': run "cdk synth" first' : "";
    throw new CommandError(`${why}${advice}`, EXIT_CODES.failed, { cause: error });
  }
}

function told({ endpoint, environment, outputs }: Cloud) {
  return { endpoint, environment, outputs };
}

function cloudText(
  { endpoint, environment, outputs }: Cloud,
  state: string | undefined,
  colors: Colors,
): string {
  const end = state === undefined ? "ends it" : `ends it, and ${state} keeps its state`;
  return [
    `the local cloud is up at ${colors.bold(endpoint)}; Ctrl-C ${end}`,
    ...Object.entries(outputs).flatMap(([stack, values]) => [
      "",
      colors.bold(stack),
      ...(Object.keys(values).length === 0
        ? []
        : [tableText(Object.entries(values).map(([name, text]) => [colors.dim(name), text]))]),
    ]),
    "",
    "With these variables the AWS SDK, the AWS CLI and segue talk to it:",
    "",
    ...Object.entries(environment).map(([name, text]) => `export ${name}=${text}`),
  ].join("\n");
}

function numberOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`Allowed is a number from ${min} to ${max}.`);
    }
    return value;
  };
}

function parameterOf(text: string, known: LocalOptions["parameter"]): LocalOptions["parameter"] {
  const match = /^([^.=]+)\.([^.=]+)=(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError("Allowed is Stack.Name=value.");
  const [, stack = "", name = "", value = ""] = match;
  return { ...known, [stack]: { ...known[stack], [name]: value } };
}
