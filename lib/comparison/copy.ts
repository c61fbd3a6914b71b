import { types } from "node:util";
import { copyBuiltIn } from "./copy-built-in.ts";
import { describe } from "./describe.ts";
import { inherits, opaqueReason } from "./kinds.ts";
import {
  hasOnlyElements,
  isSparse,
  ownKeys,
  ownKeysBeyondElements,
  ownSymbols,
} from "./own-keys.ts";
import { formatPath, mapPathKey } from "./paths.ts";
import type { PathKey } from "./paths.ts";
import { DEFAULT_MAX_NODES } from "./rules.ts";
import { MAX_DEPTH } from "./walk.ts";

/** A value can't be copied; the message says what it is and where: `a stream at $.body`. */
export class NotCopyable extends Error {
  override readonly name = "NotCopyable";
}

/** What an Error has that isn't enumerable and is copied. */
const ERROR_KEYS = ["stack", "message", "name", "cause", "errors"] as const;

/**
 * Copies a value deeply, so that what its owner does to it later doesn't show. Keeps prototypes,
 * built-in objects, holes, symbol keys, shared references and cycles. Primitives are returned as
 * they are, and so are AbortSignals and the keys of node:crypto, which can't be changed.
 *
 * Getters are read once and become values. Only what is enumerable is copied, and of an Error
 * `name`, `message`, `stack`, `cause` and `errors` too. A view on a buffer gets a buffer of its
 * own, with what the view shows. Private fields (`#x`) can't be copied by anyone outside the
 * class: such an object's copy lacks them.
 *
 * @param maxNodes - values that are copied at most, @default 1_000_000
 * @param signalFor - what stands for an AbortSignal in the copy, @default the signal itself
 * @throws NotCopyable for functions, promises, streams and whatever else can't be copied, for more
 * than `maxNodes` values or 1,000 levels, and for what a getter or a Proxy throws (as its `cause`)
 */
export function copy<T>(
  value: T,
  maxNodes: number = DEFAULT_MAX_NODES,
  signalFor: (signal: AbortSignal) => AbortSignal = (signal) => signal,
): T {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return value;
  const copier = new Copier(maxNodes, signalFor);
  try {
    return copier.copy(value, 0) as T;
  } catch (cause) {
    if (copier.refused !== undefined) throw copier.refused;
    throw new NotCopyable(`${formatPath(copier.path)} threw ${describe(cause)}`, { cause });
  }
}

class Copier {
  /** The way to the value at work. It stays as it is when something throws. */
  readonly path: PathKey[] = [];
  /** Why copying ended, unless it was the value that threw. */
  refused: NotCopyable | undefined;

  readonly #maxNodes: number;
  readonly #signalFor: (signal: AbortSignal) => AbortSignal;
  readonly #copies = new Map<object, object>();
  #nodes = 0;

  constructor(maxNodes: number, signalFor: (signal: AbortSignal) => AbortSignal) {
    this.#maxNodes = maxNodes;
    this.#signalFor = signalFor;
  }

  copy(value: unknown, depth: number): unknown {
    if (typeof value === "function") return this.#refuse(`a function at ${formatPath(this.path)}`);
    if (typeof value !== "object" || value === null) return value;
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH) this.#refuse(`more than ${MAX_DEPTH} levels of nesting`);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (Array.isArray(value)) return this.#array(value, prototype, depth);
    if (prototype !== Object.prototype || "pipe" in value)
      return this.#other(value, prototype, depth);
    const plain = {};
    this.#copies.set(value, plain);
    return this.#plain(value as Record<string, unknown>, plain, depth);
  }

  #plain(from: Record<string, unknown>, to: Record<string, unknown>, depth: number): object {
    const names = Object.keys(from);
    this.#count(names.length);
    for (const name of names) {
      this.path.push(name);
      const value = this.copy(from[name], depth + 1);
      // A name that is known already, such as __proto__, may have a setter.
      if (name in to) define(to, name, value);
      else to[name] = value;
      this.path.pop();
    }
    this.#properties(from, to, ownSymbols(from), depth);
    return to;
  }

  #array(from: readonly unknown[], prototype: object | null, depth: number): unknown[] {
    const to: unknown[] = [];
    this.#copies.set(from, to);
    if (prototype !== Array.prototype) Object.setPrototypeOf(to, prototype);
    const { length } = from;
    if (isSparse({ left: this.#maxNodes - this.#nodes }, from)) {
      to.length = length;
      this.#properties(from, to, ownKeys(from), depth);
      return to;
    }
    this.#count(length);
    for (let i = 0; i < length; i++) {
      this.path.push(i);
      const element = this.copy(from[i], depth + 1);
      if (element === undefined && !Object.hasOwn(from, i)) to.length = i + 1;
      else if (prototype === Array.prototype) to[i] = element;
      else define(to, i, element);
      this.path.pop();
    }
    if (!hasOnlyElements(from)) this.#properties(from, to, ownKeysBeyondElements(from), depth);
    return to;
  }

  #other(from: object, prototype: object | null, depth: number): object {
    if (inherits(from, AbortSignal.prototype)) {
      const signal = this.#signalFor(from as AbortSignal);
      this.#copies.set(from, signal);
      return signal;
    }
    const reason = opaqueReason(from);
    if (reason !== undefined) this.#refuse(`${reason} at ${formatPath(this.path)}`);
    const to = copyBuiltIn(from) ?? (Object.create(prototype) as object);
    this.#copies.set(from, to);
    if (to === from) return to;
    if (Object.getPrototypeOf(to) !== prototype) Object.setPrototypeOf(to, prototype);
    if (types.isMap(from)) this.#entries(from, to as Map<unknown, unknown>, depth);
    else if (types.isSet(from)) this.#members(from, to as Set<unknown>, depth);
    else if (inherits(from, Error.prototype)) this.#error(from, to, depth);
    // The names of a view or of a boxed string are what it holds, and has by now.
    const names = ArrayBuffer.isView(from) ? ownSymbols(from) : ownKeys(from);
    const held = types.isStringObject(from);
    this.#properties(
      from,
      to,
      held ? names.filter((key) => !Object.hasOwn(to, key)) : names,
      depth,
    );
    return to;
  }

  #entries(from: Map<unknown, unknown>, to: Map<unknown, unknown>, depth: number): void {
    this.#count(from.size);
    for (const [key, value] of Map.prototype.entries.call(from)) {
      const isObject = typeof key === "object" && key !== null;
      const name = isObject || typeof key === "function" ? to.size : mapPathKey(key);
      this.path.push(name);
      Map.prototype.set.call(to, this.copy(key, depth + 1), this.copy(value, depth + 1));
      this.path.pop();
    }
  }

  #members(from: Set<unknown>, to: Set<unknown>, depth: number): void {
    this.#count(from.size);
    for (const member of Set.prototype.values.call(from)) {
      this.path.push(to.size);
      Set.prototype.add.call(to, this.copy(member, depth + 1));
      this.path.pop();
    }
  }

  #error(from: object, to: object, depth: number): void {
    for (const key of ERROR_KEYS) {
      if (!Object.hasOwn(from, key)) continue;
      this.path.push(key);
      const value = this.copy((from as Record<PropertyKey, unknown>)[key], depth + 1);
      define(to, key, value, false);
      this.path.pop();
    }
  }

  #properties(from: object, to: object, keys: readonly (string | symbol)[], depth: number): void {
    this.#count(keys.length);
    for (const key of keys) {
      this.path.push(key);
      define(to, key, this.copy((from as Record<PropertyKey, unknown>)[key], depth + 1));
      this.path.pop();
    }
  }

  #count(values: number): void {
    this.#nodes += values;
    if (this.#nodes > this.#maxNodes) this.#refuse(`more than ${this.#maxNodes} values`);
  }

  #refuse(reason: string): never {
    this.refused = new NotCopyable(reason);
    throw this.refused;
  }
}

/** Makes a property where an assignment could run a setter, or meet one that can't be written. */
function define(to: object, key: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(to, key, { value, enumerable, writable: true, configurable: true });
}
