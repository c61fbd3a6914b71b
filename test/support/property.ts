/**
 * fast-check, with a seed that stays: a commit's tests come to one verdict, whenever they run. Look further
 * with another seed, or with `SEGUE_SEED=random`; `SEGUE_SEED=…` is also how a failure is run again.
 */
import fc from "fast-check";

const wanted = process.env["SEGUE_SEED"] ?? "1";

/** What chance starts from, in 1 to 2^31 - 1. */
export const seed =
  wanted === "random" ? 1 + Math.floor(Math.random() * (2 ** 31 - 1)) : Number(wanted);
if (!Number.isInteger(seed)) throw new Error(`SEGUE_SEED is an integer or "random", not ${wanted}`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

export * from "fast-check";
export default fc;
