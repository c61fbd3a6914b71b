/** Texts shorter than this are not looked for in other texts, which would shred those. */
const MIN_CHARACTERS = 4;

const STARTS = 2 ** 16;

/**
 * Texts that must not stand in other texts. What it costs to look for them doesn't depend on how many
 * there are: a list of payments may name thousands.
 */
export class SecretTexts {
  /** By their first characters, then by their length. */
  readonly #byStart = new Map<string, Map<number, Set<string>>>();
  /** Which two characters any of them begins with: nearly all places in a text are ruled out by that. */
  readonly #starts = new Uint8Array(STARTS);

  add(text: string): void {
    this.#add(text);
    // As it stands where a message quotes it as JSON.
    this.#add(JSON.stringify(text).slice(1, -1));
  }

  has(text: string): boolean {
    return this.#byStart.get(text.slice(0, MIN_CHARACTERS))?.get(text.length)?.has(text) ?? false;
  }

  /** The text with something else in the place of all of it that is part of any of them. */
  replaceIn(text: string, replacement: string): string {
    if (this.#byStart.size === 0) return text;
    let replaced = "";
    // Up to where the text is in `replaced`, itself or its replacement.
    let done = 0;
    for (let at = 0; at + MIN_CHARACTERS <= text.length; at++) {
      const end = this.#endAt(text, at);
      if (end <= done) continue;
      // Those that overlap are replaced as one.
      if (at >= done) replaced += text.slice(done, at) + replacement;
      done = end;
    }
    return replaced + text.slice(done);
  }

  #add(text: string): void {
    if (text.length < MIN_CHARACTERS) return;
    const start = text.slice(0, MIN_CHARACTERS);
    let byLength = this.#byStart.get(start);
    if (byLength === undefined) this.#byStart.set(start, (byLength = new Map()));
    const texts = byLength.get(text.length);
    if (texts === undefined) byLength.set(text.length, new Set([text]));
    else texts.add(text);
    this.#starts[startOf(text, 0)] = 1;
  }

  /** Where the longest of them ends that begins at a place; 0 if none does. */
  #endAt(text: string, at: number): number {
    if (this.#starts[startOf(text, at)] === 0) return 0;
    const byLength = this.#byStart.get(text.slice(at, at + MIN_CHARACTERS));
    let longest = 0;
    for (const [length, texts] of byLength ?? []) {
      if (length > longest && texts.has(text.slice(at, at + length))) longest = length;
    }
    return longest === 0 ? 0 : at + longest;
  }
}

function startOf(text: string, at: number): number {
  return (text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) % STARTS;
}
