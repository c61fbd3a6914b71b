// A local cloud of three functions, for orphans.test.ts to kill. Prints their process ids.
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { compressedClock } from "../../../lib/local/clock.ts";
import { openGateway } from "../../../lib/local/gateway.ts";
import { createLambda } from "../../../lib/local/lambda/index.ts";
import { printed } from "./harness.ts";

const ids = { region: "us-east-1", account: "123456789012" };
const credentials = { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c" };
const gateway = await openGateway();
const { endpoint } = gateway;
const pids: number[] = [];
const lambda = createLambda({
  ...ids,
  clock: compressedClock(),
  endpoint,
  asset: () => undefined,
  credentialsFor: () => credentials,
  addResourcePolicy() {},
  startAgent: () => Promise.reject(new Error("no agent here")),
  onLog({ line }) {
    pids.push(Number(printed(line)));
    if (pids.length === 3) console.log(JSON.stringify(pids));
  },
});
gateway.serve(lambda);
const client = new LambdaClient({ endpoint, region: ids.region, credentials });
const handlers = {
  idle: "",
  // It sees nothing of what happens around it.
  busy: "for (;;);",
  // As one that is frozen is, here with an invocation.
  stopped: "process.kill(process.pid, 'SIGSTOP');",
};
for (const [FunctionName, code] of Object.entries(handlers)) {
  await lambda.resources["AWS::Lambda::Function"]!(
    {
      FunctionName,
      Handler: "index.handler",
      Runtime: "nodejs24.x",
      Role: "r",
      Timeout: 900,
      Code: { ZipFile: `exports.handler = async () => { console.log(process.pid); ${code} };` },
    },
    { ...ids, stackName: "Orphans", logicalId: FunctionName },
  );
  void client.send(new InvokeCommand({ FunctionName }));
}
