import { types } from "node:util";
import { hashPrimitive } from "./hash.ts";
import { isObject } from "./kinds.ts";
import { valueAt } from "./own-keys.ts";
import { pairUp } from "./pairing.ts";
import type { Matcher, Pairing } from "./pairing.ts";
import { NotComparable } from "./walk.ts";
import type { Walk } from "./walk.ts";

/** A path inside an element that leads to one value: its key. */
export type KeyPath = readonly (string | number)[];

/**
 * Pairs elements that have the same key, those that share one in their order.
 *
 * @param early - give up as soon as it is clear that some element has no partner
 * @returns undefined when it gave up
 * @throws Capped, NotComparable when a key is an object, other than a Date or bytes
 */
export function pairByKey(
  walk: Walk,
  v1: readonly unknown[],
  v2: readonly unknown[],
  by: KeyPath,
  early: boolean,
): Pairing | undefined {
  const sameKey: Matcher<unknown> = {
    hash: hashPrimitive,
    equal: (a, b) => {
      // As a Map has it.
      if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
      // Nothing that counts was visited, but many keys of one hash take time.
      walk.refund(walk.left);
      return false;
    },
  };
  return pairUp(keysOf(v1, by), keysOf(v2, by), sameKey, early);
}

function keysOf(elements: readonly unknown[], by: KeyPath): unknown[] {
  const keys: unknown[] = [];
  for (let i = 0; i < elements.length; i++) keys.push(keyOf(elements[i], by));
  return keys;
}

function keyOf(element: unknown, by: KeyPath): unknown {
  let key = element;
  for (const name of by) {
    if (!isObject(key)) return undefined;
    key = types.isMap(key) ? Map.prototype.get.call(key, name) : valueAt(key, name);
  }
  if (!isObject(key)) return key;
  // Text that no other key is likely to be.
  if (types.isDate(key)) return `\0date ${Date.prototype.getTime.call(key)}`;
  if (ArrayBuffer.isView(key))
    return `\0bytes ${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("base64")}`;
  throw new NotComparable(
    `an object as the key ${JSON.stringify(by)} of an element; allowed is a primitive, a Date or bytes`,
  );
}
