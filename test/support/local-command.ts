import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { startSegue, type Place } from "./segue-command.ts";

/** What `segue local --json` prints. */
interface Told {
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Stands an assembly up with `segue local`, and takes it down again when it is disposed of. */
export async function localCloud(assembly: string, place: Place) {
  const { child, ended, says } = startSegue(["local", assembly, "--json"], {}, place);
  const { environment, endpoint, outputs } = JSON.parse(await says("\n}\n")) as Told;
  const lambda = new LambdaClient({
    endpoint,
    region: environment["AWS_REGION"]!,
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"]!,
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"]!,
    },
  });
  return {
    environment,
    outputs,
    /** Invokes a function, and resolves to its answer as text, an error's too. */
    async invoke(functionName: string, event: object): Promise<string> {
      const { Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      );
      return Payload!.transformToString();
    },
    async [Symbol.asyncDispose]() {
      lambda.destroy();
      child.kill("SIGINT");
      await ended;
    },
  };
}
