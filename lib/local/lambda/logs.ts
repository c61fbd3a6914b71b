/** One line that a function printed. */
export interface LogLine {
  readonly functionName: string;
  /** The invocation in which it was printed; none while the environment started. */
  readonly requestId?: string;
  readonly line: string;
}

/** The latest lines of each function. */
export interface LogBook {
  add(line: LogLine): void;
  /** Oldest first. */
  of(functionName: string): readonly LogLine[];
  /** The last 4 KB of what an invocation printed, as `LogType: Tail` gives it. */
  tail(functionName: string, requestId: string): string;
}

const MAX_LINES = 10_000;
const TAIL_BYTES = 4096;

export function createLogBook(): LogBook {
  const books = new Map<string, LogLine[]>();
  return {
    add(line) {
      let lines = books.get(line.functionName);
      if (lines === undefined) books.set(line.functionName, (lines = []));
      lines.push(line);
      // In chunks, so that a line costs the same however many there are.
      if (lines.length >= MAX_LINES * 2) lines.splice(0, lines.length - MAX_LINES);
    },
    of: (functionName) => (books.get(functionName) ?? []).slice(-MAX_LINES),
    tail(functionName, requestId) {
      const lines = (books.get(functionName) ?? []).filter((each) => each.requestId === requestId);
      const text = lines.map(({ line }) => `${line}\n`).join("");
      return Buffer.from(text).subarray(-TAIL_BYTES).toString();
    },
  };
}
