import { isObject, kindOf } from "./kinds.ts";
import type { PathState } from "./path-states.ts";
import { mapPathKey } from "./paths.ts";
import { measured } from "./tolerance.ts";
import { CycleFound } from "./walk.ts";
import type { Walk } from "./walk.ts";
import { types } from "node:util";

const { imul } = Math;
/** Below, values don't count any more; deep equality decides. */
const MAX_HASH_DEPTH = 32;
/** A value that contains itself would be hashed once for every way through it. */
const MAX_CYCLIC_HASH_DEPTH = 3;
const WATCH_FROM = 8;
/** Bytes of a buffer that count. */
const MAX_BYTES = 256;

type Properties = Record<string, unknown>;

const SEED = { array: 1, object: 2, map: 3, set: 4, date: 5, tolerated: 6, other: 7 };

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);

/**
 * Hashes values so that those which are equal under the rules have the same hash (the reverse is
 * likely, and not sure). What is ignored or tolerated is left out; what a tolerance measures adds
 * up to a weight instead, by which near values can be found.
 */
export class Hasher {
  /** The sum of what tolerances measure in the value that was hashed last. */
  weight = 0;

  readonly #walk: Walk;
  readonly #maxDepth: number;
  readonly #ancestors = new Set<object>();

  constructor(walk: Walk) {
    this.#walk = walk;
    this.#maxDepth = walk.cyclic ? MAX_CYCLIC_HASH_DEPTH : MAX_HASH_DEPTH;
  }

  /** A 32-bit integer. @throws Capped, CycleFound, and what the value's getters throw */
  hash(value: unknown, state: PathState | undefined): number {
    this.weight = 0;
    return finish(this.#any(value, state, 0));
  }

  #any(value: unknown, state: PathState | undefined, depth: number): number {
    if (state !== undefined) {
      if (state.ignore !== undefined) return 0;
      if (state.tolerances !== undefined) {
        const measure = measured(state.tolerances, value);
        if (measure !== undefined) {
          if (Number.isFinite(measure)) this.weight += measure;
          return SEED.tolerated;
        }
      }
    }
    return isObject(value) ? this.#object(value, state, depth) : hashPrimitive(value);
  }

  #object(value: object, state: PathState | undefined, depth: number): number {
    this.#walk.visit(1);
    if (depth >= this.#maxDepth) return SEED.other;
    const watched = depth >= WATCH_FROM && !this.#walk.cyclic;
    if (watched) {
      if (this.#ancestors.has(value)) throw new CycleFound();
      this.#ancestors.add(value);
    }
    const hash = this.#inside(value, state, depth);
    if (watched) this.#ancestors.delete(value);
    return hash;
  }

  #inside(value: object, state: PathState | undefined, depth: number): number {
    switch (kindOf(value)) {
      case "array":
        return this.#array(value as unknown[], state, depth);
      case "map":
        return this.#map(value as Map<unknown, unknown>, state, depth);
      case "set":
        return this.#set(value as Set<unknown>, state?.anyChild(), depth);
      case "date":
        return this.#date(Date.prototype.getTime.call(value), state);
      case "leaf":
        return hashBytes(value);
      case "error":
        // Its message may not be enumerable, and counts.
        return (
          this.#properties(value as Properties, state, depth) +
          this.#property(value as Properties, "message", state, depth)
        );
      default:
        return this.#properties(value as Properties, state, depth);
    }
  }

  #date(time: number, state: PathState | undefined): number {
    if (!state?.tolerances?.some(({ dateMs }) => dateMs !== undefined))
      return mix(SEED.date, hashNumber(time));
    if (Number.isFinite(time)) this.weight += time;
    return SEED.date;
  }

  #properties(value: Properties, state: PathState | undefined, depth: number): number {
    // A sum: the order of the keys means nothing.
    let sum = SEED.object;
    const isPlain = Object.getPrototypeOf(value) === Object.prototype && !types.isProxy(value);
    if (isPlain && this.#walk.cleanPrototype)
      // No list of the keys has to be made.
      for (const name in value) sum = (sum + this.#property(value, name, state, depth)) | 0;
    else
      for (const name of Object.keys(value))
        sum = (sum + this.#property(value, name, state, depth)) | 0;
    return sum;
  }

  #property(from: Properties, name: string, state: PathState | undefined, depth: number): number {
    this.#walk.visit(1);
    const child = state?.child(name);
    if (child?.ignore !== undefined) return 0;
    return finish(mix(hashName(name), this.#any(from[name], child, depth + 1)));
  }

  #array(value: readonly unknown[], state: PathState | undefined, depth: number): number {
    const { length } = value;
    // A huge array of holes can't be walked by index.
    if (!Number.isSafeInteger(length) || length < 0 || length > this.#walk.maxNodes)
      return SEED.array;
    this.#walk.visit(length);
    let hash = SEED.array;
    for (let i = 0; i < length; i++) {
      const child = state?.unordered ? state.anyChild() : state?.child(i);
      if (child?.ignore !== undefined) continue;
      const inner = this.#any(value[i], child, depth + 1);
      hash = state?.unordered ? (hash + finish(inner)) | 0 : mix(hash, inner);
    }
    return hash;
  }

  #set(value: Set<unknown>, member: PathState | undefined, depth: number): number {
    let sum = SEED.set;
    if (member?.ignore !== undefined) return sum;
    this.#walk.visit(value.size);
    for (const inner of Set.prototype.values.call(value))
      sum = (sum + finish(this.#any(inner, member, depth + 1))) | 0;
    return sum;
  }

  #map(value: Map<unknown, unknown>, state: PathState | undefined, depth: number): number {
    let sum = SEED.map;
    this.#walk.visit(value.size);
    for (const [key, inner] of Map.prototype.entries.call(value)) {
      if (isObject(key)) continue;
      const name = mapPathKey(key);
      const child = state?.child(name);
      if (child?.ignore !== undefined) continue;
      const entry = mix(hashString(String(name)), this.#any(inner, child, depth + 1));
      sum = (sum + finish(entry)) | 0;
    }
    return sum;
  }
}

/** The hash of anything but an object. */
export function hashPrimitive(value: unknown): number {
  switch (typeof value) {
    case "string":
      return finish(hashString(value));
    case "number":
      return finish(hashNumber(value));
    case "bigint":
      return finish(Number(BigInt.asIntN(32, value)));
    case "boolean":
      return value ? 11 : 12;
    case "undefined":
      return 13;
    case "object":
      return 14;
    case "function":
    case "symbol":
    default:
      return 15;
  }
}

function hashNumber(value: number): number {
  if ((value | 0) === value) return imul(value, 0x9e3779b1);
  if (Number.isNaN(value)) return 16;
  float[0] = value;
  return mix(halves[0] as number, halves[1] as number);
}

/** Names are few, and only have to keep the values of one object apart. */
function hashName(name: string): number {
  const { length } = name;
  return imul(name.charCodeAt(0) ^ (name.charCodeAt(length - 1) << 8) ^ (length << 16), 0x01000193);
}

/** FNV-1a over UTF-16 units. */
function hashString(value: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < value.length; i++) hash = imul(hash ^ value.charCodeAt(i), 0x01000193);
  return hash;
}

/** Of a buffer or a view; of no other object that is one piece. */
function hashBytes(value: object): number {
  if (!ArrayBuffer.isView(value) && !types.isAnyArrayBuffer(value)) return SEED.other;
  const { byteLength } = value;
  const length = Math.min(byteLength, MAX_BYTES);
  const bytes = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, length)
    : Buffer.from(value, 0, length);
  return hashString(bytes.toString("latin1")) ^ byteLength;
}

/** Takes another 32 bits into a hash (one round of MurmurHash3). */
function mix(hash: number, more: number): number {
  let word = imul(more, 0xcc9e2d51);
  word = imul((word << 15) | (word >>> 17), 0x1b873593);
  const mixed = hash ^ word;
  return (imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads the bits, so that the low ones can choose a bucket (the finalizer of MurmurHash3). */
function finish(value: number): number {
  let hash = value | 0;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
