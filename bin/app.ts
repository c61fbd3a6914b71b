import { App } from "aws-cdk-lib";
import { CustomerIdsStack } from "../lambdas/customer-ids/stack.ts";
import { PaymentsStack } from "../lambdas/payments/stack.ts";

const app = new App();
new CustomerIdsStack(app, "CustomerIds");
new PaymentsStack(app, "Payments");
