import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { ModeDocument } from "../mode/mode-document.ts";
import type { Verdict } from "./gate.ts";
import type { GateEvent } from "./mode-gate.ts";

/**
 * Asks the gate what it would say to a document, and deploys nothing: its verdict has each condition,
 * wanted and measured.
 *
 * @throws {Error} where the document is none, or the gate fails.
 */
export async function askGate(
  gate: {
    readonly client: LambdaClient;
    readonly functionName: string;
    readonly profileId: string;
  },
  document: ModeDocument,
): Promise<Verdict> {
  const event: GateEvent = {
    configurationProfileId: gate.profileId,
    content: Buffer.from(JSON.stringify(document)).toString("base64"),
    dryRun: true,
  };
  const { FunctionError, Payload } = await gate.client.send(
    new InvokeCommand({ FunctionName: gate.functionName, Payload: JSON.stringify(event) }),
  );
  const answer = JSON.parse(Payload?.transformToString() ?? "null");
  if (FunctionError !== undefined) throw new Error(answer?.errorMessage ?? FunctionError);
  return answer;
}
