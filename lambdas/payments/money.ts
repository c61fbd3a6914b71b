/** Digits behind the point of a currency's amounts, as ISO 4217 has them. */
const FRACTION_DIGITS = { EUR: 2, GBP: 2, JPY: 0, KWD: 3, USD: 2 } as const;

export type Currency = keyof typeof FRACTION_DIGITS;

/**
 * An amount above 0, in whole units of the currency's smallest, such as cents: 12.50 EUR is 1250. It is
 * never anything else than a whole number that JavaScript holds exactly, so nothing is ever rounded.
 */
export interface Money {
  readonly minorUnits: number;
  readonly currency: Currency;
}

/** @throws {RangeError} for what isn't {@link Money}. */
export function money(minorUnits: unknown, currency: unknown): Money {
  if (!isCurrency(currency)) throw new RangeError(`not a known currency: ${String(currency)}`);
  if (!Number.isSafeInteger(minorUnits) || (minorUnits as number) <= 0) {
    throw new RangeError(`not a whole number of minor units: ${String(minorUnits)}`);
  }
  return { minorUnits: minorUnits as number, currency };
}

/**
 * Reads an amount such as "12.50". Digit by digit: `parseFloat("4.35") * 100` is 434.99999999999994.
 *
 * @throws {RangeError} for a text that hasn't just the currency's digits behind the point.
 */
export function moneyOfDecimal(text: unknown, currency: unknown): Money {
  const [, whole, fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(String(text)) ?? [];
  if (
    whole === undefined ||
    (isCurrency(currency) && fraction.length !== FRACTION_DIGITS[currency])
  ) {
    throw new RangeError(`not an amount in ${String(currency)}: ${String(text)}`);
  }
  return money(Number(whole + fraction), currency);
}

/**
 * Writes an amount such as "12.50".
 *
 * @throws {RangeError} for what isn't {@link Money}, whatever its type says: events come as JSON.
 */
export function decimalOf(amount: Money): string {
  const { minorUnits, currency } = money(amount.minorUnits, amount.currency);
  const digits = FRACTION_DIGITS[currency];
  if (digits === 0) return String(minorUnits);
  const text = String(minorUnits).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function isCurrency(value: unknown): value is Currency {
  return typeof value === "string" && Object.hasOwn(FRACTION_DIGITS, value);
}
