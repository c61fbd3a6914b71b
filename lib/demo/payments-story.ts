import type { AppConfigClient } from "@aws-sdk/client-appconfig";
import { paginateScan, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { setTimeout as sleep } from "node:timers/promises";
import { promote } from "../rollout/move.ts";
import type { PaymentServer } from "./payment-services/payment-server.ts";
import type { Reporter } from "./report.ts";

/** Wall milliseconds between two looks at what is awaited. */
const LOOK_EVERY_MS = 250;

/** Wall milliseconds after which what was to happen won't. */
const PATIENCE_MS = 60_000;

/** Payments while V2 is down, and as many before. */
const PAYMENTS = 10;

const CUSTOMER = "customer-1";

/** The two versions of the payments service. */
export interface PaymentServices {
  readonly v1: PaymentServer;
  readonly v2: PaymentServer;
}

export interface PaymentsStoryOptions {
  readonly outputs: Readonly<Record<string, string>>;
  readonly services: PaymentServices;
  readonly dynamodb: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly appConfig: AppConfigClient;
  readonly reporter: Reporter;
  /** Hears what was expected. */
  readonly expect: (...expectation: [what: string, met: boolean, seen: string]) => void;
  /** Ends the story early. */
  readonly signal: AbortSignal;
}

/** The story of writes to two services, of which one fails: its beginning, and how it is put right. */
export class PaymentsStory {
  readonly #options: PaymentsStoryOptions;
  #payments = 0;

  constructor(options: PaymentsStoryOptions) {
    this.#options = options;
  }

  /** Both services take payments, and then have a bad day. */
  async begin(): Promise<void> {
    const { appConfig, expect, outputs, reporter, services } = this.#options;
    reporter.phase(
      "payments, shadow: another team's service over HTTP, V1 charges, V2 keeps books",
    );
    await promote({
      client: appConfig,
      applicationId: outputs["ApplicationId"]!,
      environmentId: outputs["EnvironmentId"]!,
      profileId: outputs["ProfileId"]!,
      gradualStrategyId: outputs["GradualStrategyId"]!,
      immediateStrategyId: outputs["ImmediateStrategyId"]!,
    });
    const had = services.v2.requestCount();
    await this.#until(async () => {
      await this.#ask({ action: "payments-of", customerId: CUSTOMER });
      return services.v2.requestCount() > had;
    });
    const answered = await this.#pay(PAYMENTS);
    expect("both services have each payment", this.#agree(), this.#books());

    const mend = services.v2.inject({ before: "error" });
    const answeredMeanwhile = await this.#pay(PAYMENTS);
    mend();
    expect(
      "every payer has an answer, also while V2 is down",
      answered + answeredMeanwhile === 2 * PAYMENTS,
      `${answered} of ${PAYMENTS}, then ${answeredMeanwhile} of ${PAYMENTS}`,
    );
    const mendAgain = services.v1.inject({ after: "reset" });
    const answeredAtLast = await this.#pay(1);
    mendAgain();
    reporter.event("V1's connection broke when it had charged one more, and its payer gave up");
    const repairs = await this.#repairs();
    expect(
      "what V2 lacks is on record",
      answeredAtLast === 0 && repairs === PAYMENTS + 1,
      `${repairs} repairs to be made; ${this.#books()}`,
    );
  }

  /** The repair pass, a minute later: until then a write may still be on its way. */
  async end(): Promise<void> {
    const { expect, outputs, reporter, services } = this.#options;
    reporter.phase("payments, repaired: V2's books are made to agree with V1's");
    await this.#until(async () => {
      await this.#invoke(outputs["RepairFunctionName"]!, {});
      return (await this.#repairs()) === 0;
    });
    const charges = services.v1.ledger.movements.length + services.v2.ledger.movements.length;
    expect("both services have each payment again", this.#agree(), this.#books());
    expect("each was charged once", charges === this.#payments, `${charges} charges`);
  }

  /** Takes payments; returns to how many the payer got an answer. */
  async #pay(count: number): Promise<number> {
    let answered = 0;
    for (let one = 0; one < count; one++) {
      const order = {
        customerId: CUSTOMER,
        paymentId: `payment-${++this.#payments}`,
        amount: { minorUnits: 1_250, currency: "EUR" },
        card: { number: "4242424242424242", expiry: "12/29", securityCode: "123" },
      };
      if (await this.#ask({ action: "pay", order })) answered++;
    }
    return answered;
  }

  /** Whether the function answered. */
  #ask(event: object): Promise<boolean> {
    return this.#invoke(this.#options.outputs["FunctionName"]!, event);
  }

  async #invoke(functionName: string, event: object): Promise<boolean> {
    const { lambda, signal } = this.#options;
    const { FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      { abortSignal: signal },
    );
    return FunctionError === undefined;
  }

  #agree(): boolean {
    const { v1, v2 } = this.#options.services;
    const ids = ({ ledger }: PaymentServer) =>
      ledger.paymentsOf(CUSTOMER).map(({ paymentId }) => paymentId);
    return ids(v1).toSorted().join() === ids(v2).toSorted().join();
  }

  #books(): string {
    const { v1, v2 } = this.#options.services;
    const count = ({ ledger }: PaymentServer) => ledger.paymentsOf(CUSTOMER).length;
    return `${count(v1)} payments in V1's books, ${count(v2)} in V2's`;
  }

  /** How many dual writes are not done. */
  async #repairs(): Promise<number> {
    const { dynamodb, outputs } = this.#options;
    const pages = paginateScan(
      { client: dynamodb },
      {
        TableName: outputs["RecordsTable"]!,
        ConsistentRead: true,
        FilterExpression: "attribute_exists(dueAt)",
        Select: "COUNT",
      },
    );
    let count = 0;
    for await (const { Count = 0 } of pages) count += Count;
    return count;
  }

  /** Looks until something is so, for a minute at the most. */
  async #until(isSo: () => Promise<boolean>): Promise<void> {
    const startedAt = Date.now();
    while (!(await isSo()) && Date.now() - startedAt < PATIENCE_MS) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.#options.signal });
    }
  }
}
