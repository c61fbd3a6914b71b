import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";

/** What a process prints, line by line. */
export interface Output {
  /** Resolves when what had been written before is read. */
  settled(): Promise<void>;
  /** Gives out what stands after the last line's end. To be called when the streams have ended. */
  flush(): void;
}

/** A line that is longer comes in pieces. CloudWatch Logs has the same limit for an event. */
const MAX_LINE_LENGTH = 1024 * 1024;

export function readOutput(streams: readonly Readable[], onLine: (line: string) => void): Output {
  let chunks = 0;
  const flushes = streams.map((stream) => {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      chunks++;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) onLine(line);
      if (rest.length > MAX_LINE_LENGTH) flush();
    });
    const flush = () => {
      if (rest !== "") onLine(rest);
      rest = "";
    };
    return flush;
  });
  return {
    // A process's writes to its pipes are in the kernel before it posts its response. The event
    // loop reads both in the same turn, or in the next ones where there is much; a turn that brings
    // nothing more is the end, and one that never ends is a process that prints all the time.
    async settled() {
      for (let turn = 0, quiet = 0; quiet < 2 && turn < 100; turn++) {
        const before = chunks;
        await setImmediate();
        quiet = chunks === before ? quiet + 1 : 0;
      }
    },
    flush() {
      for (const flush of flushes) flush();
    },
  };
}
