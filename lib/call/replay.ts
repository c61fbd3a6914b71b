import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import type { CallArguments } from "./arguments.ts";

/**
 * The arguments as bytes, for another run in another process; nothing where they would not come back as
 * they were, as a function or an instance of a class would not.
 */
export function replayOf({ primary, recorded }: CallArguments): Uint8Array | undefined {
  if ("notCopied" in recorded) return undefined;
  try {
    const bytes = serialize(recorded);
    return isDeepStrictEqual(deserialize(bytes), primary) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Whether arguments are alike; those that can't be read are not. Never throws. */
export function isSame(one: CallArguments["recorded"], other: CallArguments["recorded"]): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
  }
}

/** The arguments of a {@link replayOf}. */
export function replayed(replay: Uint8Array): readonly unknown[] {
  return deserialize(replay);
}
