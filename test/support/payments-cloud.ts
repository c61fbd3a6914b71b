import { printed } from "../local/lambda/harness.ts";
import { openPaymentServices } from "./payment-services.ts";
import { openStack } from "./stack-cloud.ts";

/** Has a function's process print its id when it starts, so that a test can kill it. */
const PRINT_PID = "--import=data:text/javascript,console.log(`pid:${process.pid}`)";

/** The payments example's stack on the local cloud, with the two services that it calls. */
export async function openPayments() {
  const services = await openPaymentServices();
  try {
    const stack = await openStack("Payments", {
      parameters: { V1Url: services.v1.url, V2Url: services.v2.url },
      edit({ Resources }) {
        for (const { Type, Properties } of Object.values<any>(Resources)) {
          if (Type !== "AWS::Lambda::Function") continue;
          Properties.Environment.Variables.NODE_OPTIONS = PRINT_PID;
        }
      },
    });
    return {
      ...stack,
      ...services,
      /** Kills the function's newest process, as a machine that fails does. It must be at work. */
      killFunction(): void {
        const lines = stack.cloud.lambda.logs(stack.outputs["FunctionName"]!);
        const newest = lines
          .map(({ line }) => printed(line))
          .findLast((line) => line.startsWith("pid:"));
        process.kill(Number(newest!.slice("pid:".length)), "SIGKILL");
      },
      async close() {
        await stack.close();
        await services.close();
      },
    };
  } catch (error) {
    await services.close();
    throw error;
  }
}

export type PaymentsCloud = Awaited<ReturnType<typeof openPayments>>;
