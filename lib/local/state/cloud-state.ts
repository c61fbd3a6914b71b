/**
 * What of a cloud outlives its process: values by key, of the types that the structured clone algorithm
 * knows.
 */
export interface CloudState {
  /** What the cloud before this one has left under a key, `undefined` where that is nothing. */
  left(key: string): unknown;
  /** What it has left under all keys that begin so, in their order. */
  leftUnder(prefix: string): readonly unknown[];
  /** Has a value kept. It is asked for when it is written, and then only as it is by then. */
  keep(key: string, value: () => unknown): void;
  /** Has nothing kept under a key any longer. */
  forget(key: string): void;
}

/** Of a cloud that begins from nothing and leaves nothing. */
export const nothingKept: CloudState = {
  left: () => undefined,
  leftUnder: () => [],
  keep() {},
  forget() {},
};
