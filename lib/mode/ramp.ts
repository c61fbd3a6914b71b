import { hash } from "node:crypto";

const BUCKETS = 2 ** 32;

/**
 * The place of a key in a migration's ramp: a number from 0 (included) to 100 (excluded), the same on
 * every machine and in every run. A key is ramped when its bucket is below the ramp's percentage, so
 * raising the percentage only ever adds keys. The migration's name is part of the hash, so that it
 * isn't the same customers who go first in every migration.
 *
 * The first 32 bits of SHA-256, scaled to 100.
 */
export function rampBucket(migration: string, key: string): number {
  const digest = hash("sha256", `${migration}\0${key}`, "buffer");
  return (digest.readUInt32BE(0) / BUCKETS) * 100;
}
