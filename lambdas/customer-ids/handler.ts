import middy from "@middy/core";
import segue from "../../lib/index.ts";
import { customerDirectory } from "./customer-directory.ts";

export interface CustomerIdsEvent {
  readonly merchantId: string;
}

export interface CustomerIdsResponse {
  readonly customerIds: readonly string[];
}

export const handler = middy<CustomerIdsEvent, CustomerIdsResponse>()
  .use(segue(customerDirectory))
  .handler(async (event, context) => ({
    customerIds: await customerDirectory.client(context).customerIds(event.merchantId),
  }));
