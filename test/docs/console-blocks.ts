import type { Ended } from "../support/segue-command.ts";

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
export function withOutputs(page: string, endedOf: (line: string) => Ended): string {
  return page.replace(BLOCK, (_, block: string) => {
    let code: number | null = 0;
    const outputOf = (line: string): string => {
      if (!isCommand(line)) return `${code}\n`;
      const ended = endedOf(line);
      code = ended.code;
      return `${`${ended.stdout}${ended.stderr}`.trimEnd()}\n`;
    };
    const made = linesOf(block).map((line) => `${PROMPT}${line}\n${outputOf(line)}`);
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
