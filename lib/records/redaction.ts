import type { Comparison } from "../call/comparison.ts";
import type { Settlement } from "../call/settlement.ts";
import {
  formatPath,
  parsePath,
  pathAutomaton,
  signatureOf,
  type Difference,
  type PathState,
} from "../comparison/index.ts";
import { SecretTexts } from "./secret-texts.ts";

/** What stands in the place of what was taken out. */
export const REDACTED = "[redacted]";

/** Takes out of a comparison what must not leave the process. Never throws. */
export type Redact = (comparison: Comparison) => Comparison;

const MAX_VALUES = 1_000_000;
const MAX_DEPTH = 1_000;

/**
 * Makes the redaction for an operation's `redact` paths. A path is applied to each answer, to each error
 * and to the list of the arguments, `$` being that answer, that error or that list. What it names is
 * replaced, and where the same text stands elsewhere, in an error's message for one, it is replaced
 * there too.
 *
 * @throws {TypeError} for what isn't a path, with the position.
 */
export function redaction(paths: readonly string[]): Redact {
  const root = pathAutomaton(paths.map((text) => ({ steps: parsePath(text), text, ignore: true })));
  return (comparison) => {
    try {
      return new Redactor(root).comparison(comparison);
    } catch {
      // A value that can't be walked may hold anything, so nothing of the values goes out.
      return withoutValues(comparison);
    }
  };
}

/** What is kept of a dual write. */
export interface KeptWrite {
  readonly args: Comparison["arguments"];
  readonly text: string;
}

/**
 * Takes out of a dual write's arguments, and of a text about it, what must not leave the process.
 *
 * @param write.ends answers and errors that the text may quote from.
 */
export function redactWrite(
  redact: Redact | undefined,
  { args, text, ends = [] }: KeptWrite & { readonly ends?: readonly Settlement[] },
): KeptWrite {
  if (redact === undefined) return { args, text };
  const [v1, v2] = ends;
  const redacted = redact({ ...NOTHING, arguments: args, reason: text, v1, v2 });
  return { args: redacted.arguments, text: redacted.reason ?? "" };
}

/** A comparison that says nothing. */
const NOTHING: Comparison = {
  migration: "",
  operation: "",
  mode: "old",
  documentVersion: "",
  requestId: "",
  sequence: 0,
  time: 0,
  primary: "v1",
  outcome: "not-compared",
  fallback: false,
  v1: undefined,
  v2: undefined,
  arguments: [],
  differences: [],
  truncated: false,
  signature: "",
  weight: 0,
};

class Redactor {
  readonly #root: PathState | undefined;
  readonly #secrets = new SecretTexts();
  readonly #copies = new Map<object, Map<PathState | undefined, unknown>>();
  #values = 0;

  constructor(root: PathState | undefined) {
    this.#root = root;
  }

  comparison(comparison: Comparison): Comparison {
    const { v1, v2, differences } = comparison;
    // All secrets first, since an error of V2 may quote what only V1's answer shows to be one.
    this.#collect(comparison.arguments, this.#root, 0);
    for (const side of [v1, v2]) {
      if (side?.status === "answered") this.#collect(side.value, this.#root, 0);
      if (side?.status === "failed") this.#collect(side.error, this.#root, 0);
    }
    const redacted = differences.map((difference) => this.#difference(difference));
    const [first] = redacted;
    return {
      ...comparison,
      reason: comparison.reason === undefined ? undefined : this.#text(comparison.reason),
      v1: v1 && this.#settlement(v1),
      v2: v2 && this.#settlement(v2),
      arguments: this.#value(comparison.arguments, this.#root, 0) as Comparison["arguments"],
      differences: redacted.filter(
        ({ path, kind }, index) =>
          redacted.findIndex((other) => other.path === path && other.kind === kind) === index,
      ),
      signature: first === undefined ? this.#text(comparison.signature) : signatureOf(first),
    };
  }

  #settlement(settlement: Settlement): Settlement {
    switch (settlement.status) {
      case "answered": {
        const { notCopied } = settlement;
        return {
          ...settlement,
          value: this.#value(settlement.value, this.#root, 0),
          ...(notCopied !== undefined && { notCopied: this.#text(notCopied) }),
        };
      }
      case "failed":
        return { ...settlement, error: this.#value(settlement.error, this.#root, 0) };
      case "timed-out":
        return settlement;
    }
  }

  /** A difference at or below a place that is redacted is one of that place, without its values. */
  #difference({ path, kind, v1, v2 }: Difference): Difference {
    const keys: (string | number)[] = [];
    let state = this.#root;
    for (const { key } of parsePath(path)) {
      if (state === undefined || state.ignore !== undefined) break;
      state = key === undefined ? state.anyChild() : state.child(key);
      keys.push(key ?? "*");
    }
    if (state?.ignore !== undefined) {
      return { path: this.#text(formatPath(keys)), kind, v1: REDACTED, v2: REDACTED };
    }
    return {
      path: this.#text(path),
      kind,
      v1: this.#value(v1, state, 0),
      v2: this.#value(v2, state, 0),
    };
  }

  /** Collects the texts of all that is to be redacted in a value. */
  #collect(value: unknown, state: PathState | undefined, depth: number): void {
    if (state === undefined) return;
    if (state.ignore !== undefined) this.#collectAll(value, depth);
    else if (typeof value === "object" && value !== null) {
      this.#count(depth);
      for (const [key, part] of partsOf(value)) {
        this.#collect(part, key === undefined ? state.anyChild() : state.child(key), depth + 1);
      }
    }
  }

  #collectAll(value: unknown, depth: number): void {
    if (typeof value === "object" && value !== null) {
      this.#count(depth);
      for (const [key, part] of partsOf(value)) {
        if (key !== undefined) this.#secrets.add(String(key));
        this.#collectAll(part, depth + 1);
      }
      if (value instanceof Date || value instanceof RegExp) this.#secrets.add(String(value));
      if (value instanceof Date) this.#secrets.add(isoOf(value));
    } else if (
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "bigint"
    ) {
      this.#secrets.add(String(value));
    }
  }

  #text(text: string): string {
    return this.#secrets.replaceIn(text, REDACTED);
  }

  #value(value: unknown, state: PathState | undefined, depth: number): unknown {
    if (state?.ignore !== undefined) return REDACTED;
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number" || typeof value === "bigint") {
      return this.#secrets.has(String(value)) ? REDACTED : value;
    }
    if (typeof value !== "object" || value === null) return value;
    this.#count(depth);
    let copies = this.#copies.get(value);
    if (copies === undefined) this.#copies.set(value, (copies = new Map()));
    if (copies.has(state)) return copies.get(state);
    return this.#object(value, state, depth, copies);
  }

  #object(
    value: object,
    state: PathState | undefined,
    depth: number,
    copies: Map<PathState | undefined, unknown>,
  ): unknown {
    const part = (key: string | number | undefined, given: unknown) => {
      const next = key === undefined ? state?.anyChild() : state?.child(key);
      return this.#value(given, next, depth + 1);
    };
    const begun = <Copy>(copy: Copy): Copy => {
      copies.set(state, copy);
      return copy;
    };
    if (Array.isArray(value)) {
      const copy = begun<unknown[]>([]);
      copy.length = value.length;
      for (const [index, item] of partsOf(value)) copy[Number(index)] = part(index, item);
      return copy;
    }
    if (value instanceof Map) {
      const copy = begun(new Map<unknown, unknown>());
      for (const [key, item] of value)
        copy.set(this.#value(key, undefined, depth + 1), part(keyOf(key), item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = begun(new Set<unknown>());
      for (const item of value) copy.add(part(undefined, item));
      return copy;
    }
    if (isLeaf(value)) {
      const text = textOf(value);
      return this.#text(text) === text ? value : REDACTED;
    }
    const copy = begun<Record<string, unknown>>(
      value instanceof Error ? (new Error() as any) : Object.create(Object.getPrototypeOf(value)),
    );
    for (const [key, item] of partsOf(value)) {
      define(
        copy,
        this.#text(String(key)),
        part(key, item),
        !HIDDEN_IN_ERRORS.has(String(key)) || !(value instanceof Error),
      );
    }
    return copy;
  }

  #count(depth: number): void {
    if (++this.#values > MAX_VALUES || depth > MAX_DEPTH)
      throw new RangeError("too much to redact");
  }
}

// An error's stack quotes its message and names files, and nobody compares it.
const ERROR_KEYS = ["name", "message", "cause", "errors"] as const;
const HIDDEN_IN_ERRORS: ReadonlySet<string> = new Set(ERROR_KEYS);

/** The keys and values in an object, as paths see them. */
function* partsOf(value: object): Generator<readonly [string | number | undefined, unknown]> {
  if (Array.isArray(value)) {
    for (const key of Object.keys(value)) yield [Number(key), value[Number(key)]];
  } else if (value instanceof Map) {
    for (const [key, item] of value) yield [keyOf(key), item];
  } else if (value instanceof Set) {
    for (const item of value) yield [undefined, item];
  } else if (!isLeaf(value)) {
    if (value instanceof Error) {
      for (const key of ERROR_KEYS) {
        const item = (value as unknown as Record<string, unknown>)[key];
        if (item !== undefined) yield [key, item];
      }
    }
    for (const key of Object.keys(value)) {
      if (value instanceof Error && (HIDDEN_IN_ERRORS.has(key) || key === "stack")) continue;
      yield [key, (value as Record<string, unknown>)[key]];
    }
  }
}

function keyOf(key: unknown): string | number | undefined {
  return typeof key === "string" || typeof key === "number" ? key : undefined;
}

type Leaf = Date | RegExp | ArrayBufferView | ArrayBuffer;

/** Objects that are values in one piece. */
function isLeaf(value: object): value is Leaf {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer
  );
}

/** What such a value says, in the words in which it may be a secret. */
function textOf(value: Leaf): string {
  if (value instanceof Date) return isoOf(value);
  if (value instanceof RegExp) return String(value);
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
    : Buffer.from(value).toString();
}

function isoOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

function define(to: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(to, key, { value, enumerable, writable: true, configurable: true });
}

function withoutValues(comparison: Comparison): Comparison {
  const bare = (settlement: Settlement | undefined): Settlement | undefined => {
    if (settlement === undefined || settlement.status === "timed-out") return settlement;
    const { status, durationMs } = settlement;
    return status === "answered"
      ? { status, durationMs, value: REDACTED }
      : { status, durationMs, error: new Error(REDACTED) };
  };
  return {
    ...comparison,
    reason: comparison.reason === undefined ? undefined : REDACTED,
    v1: bare(comparison.v1),
    v2: bare(comparison.v2),
    arguments: [REDACTED],
    differences: [],
    signature: comparison.outcome,
  };
}
