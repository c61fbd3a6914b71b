import { CloudWatchError } from "./errors.ts";
import { optionalText } from "./input.ts";
import type { Input } from "./input.ts";

/** One page. The token is the offset, which is opaque to clients as AWS's is. */
export function page<T>(
  all: readonly T[],
  input: Input,
  size: number,
): { readonly items: T[]; readonly NextToken?: string } {
  const token = optionalText(input, "NextToken");
  const start = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(start) || start < 0) {
    throw new CloudWatchError(400, "InvalidNextToken", "InvalidNextToken", `NextToken: ${token}`);
  }
  const end = start + size;
  return {
    items: all.slice(start, end),
    ...(end < all.length && { NextToken: String(end) }),
  };
}
