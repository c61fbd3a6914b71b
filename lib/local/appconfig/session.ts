import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { Session } from "./model.ts";

const key = randomBytes(32);
const sign = (payload: string) => createHmac("sha256", key).update(payload).digest("base64url");

export const newSessionId = (): string => randomUUID();

/** The session's present token. Signed, so that a forged one is told from one that ran out. */
export function tokenOf(session: Session): string {
  const payload = `${session.id}.${session.generation}`;
  return `${payload}.${sign(payload)}`;
}

/** `undefined` for what this service never issued. */
export function readToken(token: string): { id: string; generation: number } | undefined {
  const [id, generation, signature] = token.split(".");
  if (id === undefined || generation === undefined || signature !== sign(`${id}.${generation}`)) {
    return undefined;
  }
  return { id, generation: Number(generation) };
}

/**
 * The bucket of the nth session. AWS's is a hash; here the buckets are dealt out evenly (61 and 100
 * share no factor), so that also five execution environments divide about as the percentage says.
 */
export const bucketOf = (nthSession: number): number => (50 + nthSession * 61) % 100;
