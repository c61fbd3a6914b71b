/** What Segue needs of a logger. Powertools' and most others fit as they are. */
export interface Logger {
  warn(message: string, extra?: Record<string, unknown>): void;
  error(message: string, extra?: Record<string, unknown>): void;
}

/** A logger whose failures are nobody's. */
export function neverThrowing(logger: Logger): Logger {
  const guarded =
    (level: keyof Logger): Logger["warn"] =>
    (message, extra) => {
      try {
        logger[level](message, extra);
      } catch {
        // There is nowhere left to say it.
      }
    };
  return { warn: guarded("warn"), error: guarded("error") };
}

function line(level: string, message: string, extra?: Record<string, unknown>): string {
  return JSON.stringify({ level, message: `segue: ${message}`, ...extra });
}

/** One JSON line an entry, on standard output and standard error. */
export const jsonLogger: Logger = {
  warn: (message, extra) => console.warn(line("WARN", message, extra)),
  error: (message, extra) => console.error(line("ERROR", message, extra)),
};

/** The message of whatever was thrown. Never throws. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    // Its text would be that of all its elements, which may be billions of holes.
    return Array.isArray(error) ? "an array" : String(error);
  } catch {
    return "an error that can't be read";
  }
}
