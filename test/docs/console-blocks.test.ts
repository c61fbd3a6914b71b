import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparable, typedLines, withOutputs } from "./console-blocks.ts";
import type { Typed } from "./transcript.ts";

const PAGE = `# Page

\`\`\`console
$ segue status orders
what it printed once
$ echo $?
7
\`\`\`

\`\`\`sh
$ segue not run
\`\`\`
`;

const typed = (given: Partial<Typed>): Typed => ({
  line: "segue status orders",
  code: 0,
  stdout: "",
  stderr: "",
  ...given,
});

describe("a page's console blocks", () => {
  it("get what was printed, on either stream, and how it ended; the rest of the page stays", () => {
    const made = withOutputs(PAGE, () =>
      typed({ code: 1, stdout: "a\n\n", stderr: "no $& here\n" }),
    );
    const expected = PAGE.replace("what it printed once", () => "a\n\nno $& here").replace(
      "7",
      "1",
    );
    assert.equal(made, expected);
  });

  it("get the line as it was typed, and keep one command from the next", () => {
    const page = "```console\n$ segue repair --id <id>\n$ segue status\n```\n";
    const made = withOutputs(page, (line) =>
      typed({ line: line.replace("<id>", "7"), stdout: "ok" }),
    );
    assert.equal(made, "```console\n$ segue repair --id 7\nok\n\n$ segue status\nok\n```\n");
  });

  it("say which lines are typed", () => {
    assert.deepEqual(typedLines(PAGE), ["segue status orders", "echo $?"]);
  });
});

describe("what is compared of an output", () => {
  it("is without times, ids, milliseconds and widths", () => {
    const once =
      "2026-11-22T14:36:36.684Z  V1  7.1 ms   76 ms  '770317fd-a3f5-49ef-a9d5-d0e0e09364d6#a'";
    const again =
      "2026-01-01T00:00:00.001Z  V1  18 ms  5.0 ms  '00000000-a3f5-49ef-a9d5-d0e0e09364d6#a'";
    assert.equal(comparable(once), comparable(again));
  });

  it("has words, counts, rates and ages", () => {
    const text = "comparisons  88, 8 in disagreement, in the last 4 min: 9.1 %";
    for (const other of [/comparisons/, /88/, /4 min/, /9\.1/]) {
      assert.notEqual(comparable(text), comparable(text.replace(other, "x")));
    }
  });
});
