/**
 * Checks that a resource has no property but these. What is silently passed over here would be a
 * difference from AWS that nobody hears of.
 *
 * @param what the resource's type, or a place in it, such as `AWS::Lambda::Function: Code`
 */
export function checkProperties(
  what: string,
  properties: Readonly<Record<string, unknown>>,
  known: Iterable<string>,
): void {
  const allowed = new Set(known);
  for (const name of Object.keys(properties)) {
    if (!allowed.has(name)) throw new Error(`${what}: unknown property ${name}`);
  }
}
