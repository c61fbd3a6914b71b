import { createHash } from "node:crypto";
import { noValue } from "./intrinsics.ts";

/** Their names, and what each stands for in a stack. */
export const pseudoParameters: ReadonlyMap<string, (stack: StackIdentity) => unknown> = new Map<
  string,
  (stack: StackIdentity) => unknown
>([
  ["AWS::AccountId", ({ account }) => account],
  ["AWS::Region", ({ region }) => region],
  ["AWS::Partition", () => "aws"],
  ["AWS::URLSuffix", () => "amazonaws.com"],
  ["AWS::StackName", ({ name }) => name],
  ["AWS::StackId", stackId],
  ["AWS::NotificationARNs", () => []],
  ["AWS::NoValue", () => noValue],
]);

export interface StackIdentity {
  readonly name: string;
  readonly region: string;
  readonly account: string;
}

/** The same on every run, as is everything that is made from a template. */
function stackId({ name, region, account }: StackIdentity): string {
  const digest = createHash("sha256").update(name).digest("hex");
  const uuid = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
  return `arn:aws:cloudformation:${region}:${account}:stack/${name}/${uuid}`;
}
