/** What a service's answer has to be; everything else can't be read. */

/** @throws {TypeError} where it is none. */
export function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`no text: ${typeof value}`);
  return value;
}

/** @throws {TypeError} where it is none. */
export function list(value: unknown): readonly any[] {
  if (!Array.isArray(value)) throw new TypeError(`no list: ${typeof value}`);
  return value;
}

/** @throws {TypeError} where it is none. */
export function wholeNumber(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`no whole number: ${String(value)}`);
  return value as number;
}

/** @throws {TypeError} where the text is none of the known ones. */
export function known<Meaning>(
  meanings: Readonly<Record<string, Meaning>>,
  value: unknown,
): Meaning {
  if (!Object.hasOwn(meanings, text(value))) throw new TypeError(`not a known one: ${text(value)}`);
  return meanings[text(value)]!;
}
