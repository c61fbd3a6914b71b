import { randomBytes, randomUUID } from "node:crypto";

/** One invocation on its way to an execution environment. */
export interface Invocation {
  readonly requestId: string;
  /** JSON. */
  readonly payload: Buffer;
  /** X-Ray's, the caller's or a new one. Nothing is traced here, but functions pass it on. */
  readonly traceId: string;
  /** Base64, as the caller sent it. */
  readonly clientContext?: string;
}

export function newInvocation(
  payload: Buffer,
  given: Partial<Pick<Invocation, "traceId" | "clientContext">> = {},
): Invocation {
  const { traceId = newTraceId(), clientContext } = given;
  return { requestId: randomUUID(), payload, traceId, clientContext };
}

function newTraceId(): string {
  const hex = (bytes: number) => randomBytes(bytes).toString("hex");
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`;
}
