import { App } from "aws-cdk-lib";
import { CustomerIdsStack } from "../lambdas/customer-ids/stack.ts";

new CustomerIdsStack(new App(), "CustomerIds");
