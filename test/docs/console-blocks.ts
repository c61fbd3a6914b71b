import type { Typed } from "./transcript.ts";

const BLOCK = /^```console\n(.*?)^```$/gms;
const PROMPT = "$ ";
const EXIT_CODE = "echo $?";

/** The lines that are typed in a page's console blocks, in their order. */
export function typedLines(page: string): string[] {
  return Array.from(page.matchAll(BLOCK), ([, block]) => linesOf(block!)).flat();
}

/** Whether a line is a command of its own, and not a question about the one before. */
export function isCommand(line: string): boolean {
  return line !== EXIT_CODE;
}

/** Puts what each line has printed into a page's console blocks. */
export function withOutputs(page: string, typedOf: (line: string) => Typed): string {
  return page.replace(BLOCK, (_, block: string) => {
    let code: number | null = 0;
    const made = linesOf(block).map((line, at) => {
      if (!isCommand(line)) return `${PROMPT}${line}\n${code}\n`;
      const typed = typedOf(line);
      code = typed.code;
      const output = `${typed.stdout}${typed.stderr}`.trimEnd();
      return `${at > 0 ? "\n" : ""}${PROMPT}${typed.line}\n${output}\n`;
    });
    return `\`\`\`console\n${made.join("")}\`\`\``;
  });
}

/**
 * A text without what differs from one run to the next: times, ids, and milliseconds with the widths of
 * their columns.
 */
export function comparable(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, "<id>")
    .replaceAll(/\d+(?:\.\d+)? ms\b/g, "<time> ms")
    .replaceAll(/ {2,}/g, "  ");
}

function linesOf(block: string): string[] {
  return block
    .split("\n")
    .filter((line) => line.startsWith(PROMPT))
    .map((line) => line.slice(PROMPT.length));
}
