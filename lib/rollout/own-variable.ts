/**
 * Reads a JSON object from an environment variable of one of Segue's own functions.
 *
 * @throws {TypeError} where it is missing, or lacks one of the keys.
 */
export function readVariable<Value extends object>(
  name: string,
  keys: readonly (keyof Value & string)[],
): Value {
  const text = process.env[name];
  let value: Value | null;
  try {
    value = JSON.parse(text ?? "null") as Value | null;
  } catch {
    value = null;
  }
  if (value === null || keys.some((key) => value[key] === undefined)) {
    throw new TypeError(`${name}: got ${text}, allowed is what the Migration construct writes`);
  }
  return value;
}
