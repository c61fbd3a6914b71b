import type { Call } from "../../lib/index.ts";
import { PaymentRefused, type RefusalCode } from "./payment-service.ts";

/** Milliseconds after which a service that hasn't answered won't. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** Bytes of an answer, at the most: what a function may answer itself. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** A service has answered, and not with what could be understood. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  /** The HTTP status. */
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** How one service is talked to. */
export interface JsonHttpOptions {
  /** Such as `https://payments.example.com`, without a slash at its end. */
  readonly url: string;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** The header that has the idempotency key of a write. */
  readonly keyHeader: string;
  /** The service's own code for what went wrong, in an answer's body. */
  readonly codeOf: (body: any) => unknown;
  /** What the service's codes mean: those by which it says that it has done nothing. */
  readonly refusals: Readonly<Record<string, RefusalCode>>;
}

/** JSON over HTTP, for one call after the other. */
export class JsonHttp {
  readonly #options: JsonHttpOptions;

  constructor(options: JsonHttpOptions) {
    this.#options = options;
  }

  /**
   * Makes one request.
   *
   * @param path what is inside the service's URL; its ids are `checkedId`'s.
   * @param write the body of a POST; without one it is a GET.
   * @returns the answer, read from the body by `read`.
   * @throws {PaymentRefused} where the service says that it has done nothing.
   * @throws {UnexpectedAnswer} for any other status than success, and for what `read` can't read.
   * @throws what `fetch` does: the time is over, nobody waits any more, the connection breaks.
   */
  async request<Answer>(
    call: Call,
    path: string,
    read: (body: any) => Answer,
    write?: object,
  ): Promise<Answer> {
    const { url, keyHeader, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const response = await fetch(`${url}${path}`, {
      ...(write !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json", [keyHeader]: keyOf(call) },
        body: JSON.stringify(write),
      }),
      // A redirected write would move money where nobody meant it to.
      redirect: "error",
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await textOf(response);
    try {
      const body: unknown = JSON.parse(text);
      if (response.ok) return read(body);
      this.#refuse(body);
    } catch (cause) {
      if (cause instanceof PaymentRefused) throw cause;
      throw new UnexpectedAnswer(response.status, "the answer can't be read", { cause });
    }
    throw new UnexpectedAnswer(response.status, `the service answered ${response.status}`);
  }

  #refuse(body: unknown): void {
    const code = String(this.#options.codeOf(body));
    const { refusals } = this.#options;
    if (Object.hasOwn(refusals, code)) throw new PaymentRefused(refusals[code]!);
  }
}

/** An answer without an end would take all of the function's memory, and with it the other version's call. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new UnexpectedAnswer(response.status, `more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function keyOf({ idempotencyKey }: Call): string {
  if (idempotencyKey === undefined) throw new TypeError("a write needs an idempotency key");
  return idempotencyKey;
}

/** What was asked for, or `undefined` where the service says that there is no such thing. */
export async function undefinedIfMissing<Thing>(asked: Promise<Thing>): Promise<Thing | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PaymentRefused && error.code === "not-found") return undefined;
    throw error;
  }
}
