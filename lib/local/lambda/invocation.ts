import { randomBytes, randomUUID } from "node:crypto";
import type { OnChunk } from "./streamed-response.ts";

/** One invocation on its way to an execution environment. */
export interface Invocation {
  readonly requestId: string;
  /** JSON. */
  readonly payload: Buffer;
  /** X-Ray's, the caller's or a new one. Nothing is traced here, but functions pass it on. */
  readonly traceId: string;
  /** Base64, as the caller sent it. */
  readonly clientContext?: string;
  /** Takes a streamed response as it comes, where its caller wants it so. */
  readonly onChunk?: OnChunk;
}

export function newInvocation(
  payload: Buffer,
  given: Partial<Pick<Invocation, "traceId" | "clientContext" | "onChunk">> = {},
): Invocation {
  const { traceId = newTraceId(), clientContext, onChunk } = given;
  return { requestId: randomUUID(), payload, traceId, clientContext, onChunk };
}

function newTraceId(): string {
  const hex = (bytes: number) => randomBytes(bytes).toString("hex");
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`;
}
