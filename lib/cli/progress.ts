import { createLogUpdate } from "log-update";

/**
 * Runs something long, with a line that tells how far it is and is gone at its end, however it ends.
 *
 * @param isShown whether a person reads along on a terminal.
 */
export async function withProgress<Value>(
  isShown: boolean,
  run: (show: (text: string) => void) => Promise<Value>,
): Promise<Value> {
  const view = isShown ? createLogUpdate(process.stdout) : undefined;
  try {
    return await run((text) => view?.(text));
  } finally {
    view?.clear();
    view?.done();
  }
}
