/** A promise that a test settles when it wants to. */
export function deferred<Value = unknown>() {
  return Promise.withResolvers<Value>();
}

/** Lets everything that is already settled run its reactions. */
export function reactions(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const never = (): Promise<never> => new Promise(() => {});
