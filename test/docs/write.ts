/**
 * Runs the commands that the docs' console blocks show, and puts what they print there.
 *
 *     npm run docs
 */
import { writeFileSync } from "node:fs";
import { withOutputs } from "./console-blocks.ts";
import { holdSession, readPages } from "./session.ts";

const transcript = await holdSession();
for (const { file, text } of readPages()) {
  const made = withOutputs(text, (line) => transcript.of(line));
  if (made !== text) writeFileSync(file, made);
}
