import {
  openHttpService,
  RequestError,
  type HttpAnswer,
  type HttpService,
  type Routes,
} from "./http-service.ts";
import { LedgerRefusal, type Ledger, type RefusalReason } from "./ledger.ts";

/** A payment service, with its books to look into. */
export interface PaymentServer extends HttpService {
  readonly ledger: Ledger;
}

/** Serves a ledger in a version's own words. */
export async function openPaymentServer(options: {
  readonly ledger: Ledger;
  readonly routes: Routes;
  readonly refusals: Readonly<Record<RefusalReason, HttpAnswer>>;
  readonly refusal: (error: RequestError) => HttpAnswer;
}): Promise<PaymentServer> {
  const { ledger, routes, refusals, refusal } = options;
  const service = await openHttpService(routes, (error) => {
    if (error instanceof LedgerRefusal) return refusals[error.reason];
    return error instanceof RequestError ? refusal(error) : undefined;
  });
  return { ...service, ledger };
}
