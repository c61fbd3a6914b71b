import { hash } from "node:crypto";
import { messageOf, type Logger } from "../logger.ts";
import type { CountName } from "../metrics/names.ts";
import { parseModeDocument, type ModeDocument } from "../mode/mode-document.ts";
import type { Mode } from "../mode/mode.ts";
import { withTimeLimit } from "../time-limit.ts";
import type { ModeReading } from "./mode-source.ts";

/** A document as AppConfig serves it. */
export interface ServedDocument {
  readonly text: string;
  /** AppConfig's version number or label, where the way of reading tells it. */
  readonly version?: string;
}

/** One way of reading a migration's document. */
export interface DocumentReader {
  /** Rejects when the document can't be read; aborts with the signal. */
  read(signal: AbortSignal): Promise<ServedDocument>;
  /** How long a document is good for before it is read again, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Milliseconds that a read may hold an invocation that has a good document already. */
export const READ_TIMEOUT_MS = 250;

/** The same for one that has none, and would go by the default. */
export const FIRST_READ_TIMEOUT_MS = 3_000;

/** Milliseconds after a failed read in which none is tried, so that an outage costs little. */
export const RETRY_AFTER_MS = 5_000;

/**
 * Keeps a migration's last good document and reads it anew when it is too old.
 *
 * While reads succeed, a document is at most `maxAgeMs` older than what the reader serves. While they
 * fail, or bring what isn't a mode document, the last good one stays for as long as it takes, and each
 * failure is counted. With nothing good ever read, the default mode applies, and is counted.
 */
export class LastGood {
  readonly #reader: DocumentReader;
  readonly #defaultMode: Mode;
  readonly #logger: Logger;
  readonly #migration: string;
  #good: { document: ModeDocument; version: string } | undefined;
  #nextRead: { atMs: number; setAt: number; setAtWall: number } | undefined;
  #reading: Promise<CountName[]> | undefined;
  #lastProblem: string | undefined;

  constructor(options: {
    migration: string;
    reader: DocumentReader;
    defaultMode: Mode;
    logger: Logger;
  }) {
    this.#migration = options.migration;
    this.#reader = options.reader;
    this.#defaultMode = options.defaultMode;
    this.#logger = options.logger;
  }

  /** @param budgetMs milliseconds that the invocation can spare. */
  async read(budgetMs: number): Promise<ModeReading> {
    let counts: readonly CountName[] = [];
    if (this.#isDue()) {
      // Invocations that run side by side share one read, and one of them counts its failure.
      if (this.#reading === undefined) {
        const limitMs = this.#good === undefined ? FIRST_READ_TIMEOUT_MS : READ_TIMEOUT_MS;
        const reading = this.#refresh(Math.max(0, Math.min(limitMs, budgetMs)));
        this.#reading = reading.finally(() => (this.#reading = undefined));
        counts = await this.#reading;
      } else {
        await this.#reading;
      }
    }
    if (this.#good !== undefined) return { ...this.#good, counts };
    return {
      document: { mode: this.#defaultMode },
      version: "default",
      counts: [...counts, "ModeDefaulted"],
    };
  }

  #isDue(): boolean {
    if (this.#nextRead === undefined) return true;
    // Both clocks are asked: the monotonic one may stand still while the environment is frozen, and
    // the wall clock may be set back.
    const { atMs, setAt, setAtWall } = this.#nextRead;
    const wallMs = Date.now() - setAtWall;
    return wallMs < 0 || Math.max(performance.now() - setAt, wallMs) >= atMs;
  }

  #nextReadIn(ms: number): void {
    this.#nextRead = { atMs: ms, setAt: performance.now(), setAtWall: Date.now() };
  }

  async #refresh(timeoutMs: number): Promise<CountName[]> {
    let served: ServedDocument;
    try {
      served = await withTimeLimit((signal) => this.#reader.read(signal), timeoutMs);
    } catch (error) {
      this.#nextReadIn(RETRY_AFTER_MS);
      this.#tell("the mode document can't be read", messageOf(error));
      return ["ModeReadFailures"];
    }
    this.#nextReadIn(this.#reader.maxAgeMs);
    try {
      const document = parseModeDocument(served.text);
      this.#good = { document, version: served.version ?? contentVersion(served.text) };
      this.#lastProblem = undefined;
      return [];
    } catch (error) {
      this.#tell("the mode document is refused", messageOf(error));
      return ["ModeDocumentsRefused"];
    }
  }

  /** Logs a problem once, until it is another one or gone. */
  #tell(what: string, why: string): void {
    if (this.#lastProblem === `${what} ${why}`) return;
    this.#lastProblem = `${what} ${why}`;
    const stays = this.#good === undefined ? `default ${this.#defaultMode}` : this.#good.version;
    this.#logger.error(what, { migration: this.#migration, why, stays });
  }
}

/** A name for a document whose version isn't told: the first 12 digits of its SHA-256. */
function contentVersion(text: string): string {
  return `sha256:${hash("sha256", text).slice(0, 12)}`;
}
