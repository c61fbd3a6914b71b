import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import type { CallArguments } from "./arguments.ts";

/**
 * The arguments as bytes, for another run in another process; nothing where they would not come back as
 * they were, as a function or an instance of a class would not.
 */
export function replayOf(recorded: CallArguments["recorded"]): Uint8Array | undefined {
  if ("notCopied" in recorded) return undefined;
  try {
    const bytes = serialize(recorded);
    return isDeepStrictEqual(deserialize(bytes), recorded) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Whether arguments still are what they were when they were copied; what can't be read is not. */
export function isUnchanged(
  args: readonly unknown[],
  recorded: CallArguments["recorded"],
): boolean {
  try {
    return isDeepStrictEqual(args, recorded);
  } catch {
    return false;
  }
}

/** The arguments of a {@link replayOf}. */
export function replayed(replay: Uint8Array): readonly unknown[] {
  return deserialize(replay);
}
