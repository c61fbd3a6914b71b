import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assert as checkThat, constantFrom, integer, property } from "../../support/property.ts";
import { decimalOf, money, moneyOfDecimal, type Money } from "../../../lambdas/payments/money.ts";

describe("money", () => {
  const pairs: readonly [string, Money][] = [
    ["12.50", { minorUnits: 1250, currency: "EUR" }],
    ["0.01", { minorUnits: 1, currency: "EUR" }],
    ["0.10", { minorUnits: 10, currency: "USD" }],
    ["4.35", { minorUnits: 435, currency: "GBP" }], // 4.35 * 100 is 434.99999999999994
    ["1250", { minorUnits: 1250, currency: "JPY" }],
    ["1.005", { minorUnits: 1005, currency: "KWD" }],
    ["90071992547409.91", { minorUnits: Number.MAX_SAFE_INTEGER, currency: "EUR" }],
  ];
  for (const [decimal, amount] of pairs) {
    it(`${decimal} ${amount.currency} is ${amount.minorUnits} minor units, and back`, () => {
      assert.deepEqual(moneyOfDecimal(decimal, amount.currency), amount);
      assert.equal(decimalOf(amount), decimal);
    });
  }

  it("comes back from a decimal text as it went in, whatever the amount", () => {
    const amounts = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    const currencies = constantFrom<Money["currency"][]>("EUR", "GBP", "JPY", "KWD", "USD");
    checkThat(
      property(amounts, currencies, (minorUnits, currency) => {
        assert.deepEqual(moneyOfDecimal(decimalOf({ minorUnits, currency }), currency), {
          minorUnits,
          currency,
        });
      }),
      { numRuns: 2_000 },
    );
  });

  for (const [text, currency] of [
    ["12.5", "EUR"],
    ["12.500", "EUR"],
    ["12", "EUR"],
    ["12.", "EUR"],
    [".50", "EUR"],
    ["12,50", "EUR"],
    ["-12.50", "EUR"],
    ["+12.50", "EUR"],
    ["1e2.00", "EUR"],
    [" 12.50", "EUR"],
    ["12.50\n", "EUR"],
    ["0.00", "EUR"],
    ["12.50", "JPY"],
    ["1.00", "KWD"],
    ["12.50", "XYZ"],
    ["12.50", "toString"],
    ["90071992547409.92", "EUR"],
    ["١٢.٥٠", "EUR"],
    ["", "EUR"],
    [12.5, "EUR"],
    [undefined, "EUR"],
    ["12.50", undefined],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} ${currency}`, () => {
      assert.throws(() => moneyOfDecimal(text, currency), RangeError);
    });
  }

  for (const minorUnits of [0, -1, 12.5, NaN, Infinity, 2 ** 53, "1250", null, undefined]) {
    it(`refuses ${String(minorUnits)} (${typeof minorUnits}) as minor units`, () => {
      assert.throws(() => money(minorUnits, "EUR"), RangeError);
      assert.throws(() => decimalOf({ minorUnits, currency: "EUR" } as Money), RangeError);
    });
  }
});
