/**
 * One step of a path. `key` is a property's name, an array's index, or undefined for any child;
 * a `deep` step looks for it at any depth (`..name`).
 */
export interface Step {
  readonly key: string | number | undefined;
  readonly deep: boolean;
}

/** A key on the way from the root to a value, as the walks meet it. */
export type PathKey = string | number | symbol;

const NAME = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/y;
const WHOLE_NAME = /^[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*$/;
const INDEX = /(?:0|[1-9]\d{0,14})(?=\])/y;
const QUOTED = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y;
const ESCAPE = /\\(?:u([\da-fA-F]{4})|([^]))/g;
const ESCAPED: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const LITERAL_ESCAPES = "'\"\\/";

/**
 * Reads a path: `$`, then any of `.name`, `['name']`, `["name"]`, `[3]`, `[*]`, `.*`, `..name`,
 * `..*`, `..[*]`. `*` is any child, be it a property or an element.
 *
 * @throws TypeError that names the path and the position (in UTF-16 units, from 0)
 */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  if (path[0] !== "$") throw syntaxError(path, 0, 'a path begins with "$"');
  let at = 1;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(path)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };

  const takeBracket = (): string | number | undefined => {
    at += 1;
    let key: string | number | undefined;
    if (path[at] === "*") at += 1;
    else {
      const start = at;
      const index = take(INDEX);
      const quoted = index === undefined ? take(QUOTED) : undefined;
      if (index !== undefined) key = Number(index);
      else if (quoted !== undefined) key = unescape(path, start, quoted);
      else throw syntaxError(path, at, `allowed in [] is an index, "*" or a quoted name`);
    }
    if (path[at] !== "]") throw syntaxError(path, at, 'missing "]"');
    at += 1;
    return key;
  };

  while (at < path.length) {
    const deep = path.startsWith("..", at);
    const dotted = path[at] === ".";
    if (!dotted && path[at] !== "[") throw syntaxError(path, at, 'expected ".", ".." or "["');
    if (deep) at += 2;
    else if (dotted) at += 1;

    if (path[at] === "[" && (deep || !dotted)) steps.push({ key: takeBracket(), deep });
    else if (path[at] === "*") {
      at += 1;
      steps.push({ key: undefined, deep });
    } else {
      const name = take(NAME);
      if (name === undefined)
        throw syntaxError(path, at, `expected a name or "*"; an odd name is written ['odd name']`);
      steps.push({ key: name, deep });
    }
  }
  return steps;
}

/**
 * Writes the path of a value: `$.items[3].price`, `$['odd key']`. A symbol is written as its
 * description, so that every path that is written can be read by {@link parsePath}.
 */
export function formatPath(keys: readonly PathKey[]): string {
  let path = "$";
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    else {
      const name = String(key);
      path += WHOLE_NAME.test(name) ? `.${name}` : `['${name.replaceAll(/['\\]/g, "\\$&")}']`;
    }
  }
  return path;
}

/**
 * The key under which a Map's entry stands in a path: a string key like a property, an index-like
 * number like an index, any other primitive as its text.
 */
export function mapPathKey(key: unknown): string | number {
  if (typeof key === "string") return key;
  if (typeof key === "number" && Number.isSafeInteger(key) && key >= 0) return key;
  return typeof key === "function" ? "function" : String(key);
}

function unescape(path: string, start: number, quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll(
      ESCAPE,
      (_, code: string | undefined, character: string | undefined, at: number) => {
        if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
        const literal = character as string;
        const meaning = LITERAL_ESCAPES.includes(literal) ? literal : ESCAPED[literal];
        if (meaning === undefined)
          throw syntaxError(path, start + 1 + at, `unknown escape "\\${literal}"`);
        return meaning;
      },
    );
}

function syntaxError(path: string, position: number, problem: string): TypeError {
  return new TypeError(`path ${JSON.stringify(path)}, position ${position}: ${problem}`);
}
