import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { OperatorRequest } from "../operate/request.ts";
import type { SeenRepair, SettledRepair } from "../operate/settle-repair.ts";
import { CommandError } from "./errors.ts";
import type { Operator } from "./operator.ts";

/**
 * Invokes a function, and waits for its answer.
 *
 * @throws {CommandError} where the function fails.
 */
export async function invokeFunction(
  lambda: LambdaClient,
  name: string,
  event: object,
  abortSignal?: AbortSignal,
): Promise<any> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }),
    { abortSignal },
  );
  const answer = JSON.parse(Payload?.transformToString() || "null");
  if (FunctionError !== undefined) {
    throw new CommandError(`${name} failed: ${answer?.errorMessage ?? FunctionError}`);
  }
  return answer;
}

/**
 * Asks the migration's operator function.
 *
 * @throws {CommandError} where there is none, or it fails.
 */
export async function askOperatorFunction(
  { parts, lambda }: Operator,
  request: OperatorRequest,
  abortSignal?: AbortSignal,
): Promise<any> {
  return invokeFunction(lambda, operatorFunction(parts), request, abortSignal);
}

/** Says that a function is another one. */
export function notOperatorFunction(): CommandError {
  return new CommandError(
    "what answers is no operator function: is its handler operatorHandler(…)?",
  );
}

/**
 * Reads what became of a repair.
 *
 * @throws {CommandError} for what no operator function answers.
 */
export function settledRepairOf(answer: any): SettledRepair {
  if (!OUTCOMES.includes(answer?.outcome)) throw notOperatorFunction();
  return answer;
}

/**
 * Reads what a person has seen of a repair.
 *
 * @throws {CommandError} for what no operator function answers.
 */
export function seenRepairOf(answer: any): SeenRepair {
  if (answer?.outcome !== "gone" && typeof answer?.look !== "string") throw notOperatorFunction();
  return answer;
}

const OUTCOMES: readonly SettledRepair["outcome"][] = ["done", "failed", "left", "gone"];

/** @throws {CommandError} where the migration has no operator function. */
export function operatorFunction({ operator, migration }: Operator["parts"]): string {
  if (operator) return operator;
  throw new CommandError(
    `${migration} has no operator function: deploy one, and give it to migration.operate(fn)`,
  );
}
