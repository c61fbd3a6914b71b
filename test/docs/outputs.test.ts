import assert from "node:assert/strict";
import { it } from "node:test";
import { comparable, isCommand, typedLines, withOutputs } from "./console-blocks.ts";
import { holdSession, readPages } from "./session.ts";

it("the docs show what the commands print; `npm run docs` puts it there", async () => {
  const transcript = await holdSession();
  const pages = readPages();
  for (const { file, text } of pages) {
    const made = withOutputs(text, (line) => transcript.of(line));
    assert.equal(comparable(text), comparable(made), file);
  }
  const shown = pages.flatMap(({ text }) => typedLines(text)).filter(isCommand);
  const comparableOf = (lines: readonly string[]) => new Set(lines.map(comparable));
  assert.deepEqual(comparableOf(shown), comparableOf(transcript.lines), "what is typed is shown");
  assert.equal(shown.length, transcript.lines.length, "once");
});
