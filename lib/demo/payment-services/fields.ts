import { RequestError } from "./http-service.ts";

/** An id, as services take them. */
export const ID = /^[\w-]{1,64}$/;
/** An idempotency key. */
export const KEY = /^[\w:-]{1,255}$/;
export const CARD_NUMBER = /^\d{12,19}$/;
export const CURRENCY = /^[A-Z]{3}$/;

/** Checks a text that a request has. */
export function checked(name: string, value: unknown, pattern: RegExp): string {
  return typeof value === "string" && pattern.test(value) ? value : wrong(name);
}

/** The fields of a JSON object, read with care: what isn't as it should is status 422. */
export class Fields {
  readonly #body: Readonly<Record<string, unknown>>;

  constructor(name: string, body: unknown) {
    if (typeof body !== "object" || body === null || Array.isArray(body)) wrong(name);
    this.#body = body as Record<string, unknown>;
  }

  text(name: string, pattern: RegExp): string {
    return checked(name, this.#body[name], pattern);
  }

  /** A whole number above 0 that JSON's numbers hold exactly. */
  positive(name: string): bigint {
    const value = this.#body[name];
    return Number.isSafeInteger(value) && Number(value) > 0 ? BigInt(Number(value)) : wrong(name);
  }

  /** True or false, and false where it isn't given. */
  flag(name: string): boolean {
    const value = this.#body[name] ?? false;
    return typeof value === "boolean" ? value : wrong(name);
  }

  object(name: string): Fields {
    return new Fields(name, this.#body[name]);
  }

  optionalObject(name: string): Fields | undefined {
    return this.#body[name] === undefined ? undefined : this.object(name);
  }
}

function wrong(name: string): never {
  throw new RequestError(422, `${name} is missing or wrong`);
}
