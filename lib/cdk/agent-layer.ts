import { CfnMapping, Stack, Token } from "aws-cdk-lib";
import { Application, Platform } from "aws-cdk-lib/aws-appconfig";
import {
  Architecture,
  LayerVersion,
  type Function,
  type ILayerVersion,
} from "aws-cdk-lib/aws-lambda";
import { RegionInfo } from "aws-cdk-lib/region-info";

const MAPPING_ID = "AppConfigAgentLayers";

/** The layer's ARN, or `undefined` in a region that has none. */
function layerArn(region: string, architecture: Architecture): string | undefined {
  const platform = architecture === Architecture.ARM_64 ? Platform.ARM_64 : Platform.X86_64;
  return Application.getLambdaLayerVersionArn(region, platform);
}

/** A mapping of regions to ARNs, for a stack whose region is known only when it is deployed. */
function layerMapping(stack: Stack): CfnMapping {
  const existing = stack.node.tryFindChild(MAPPING_ID) as CfnMapping | undefined;
  if (existing !== undefined) return existing;
  const mapping: Record<string, Record<string, string>> = {};
  for (const { name: region } of RegionInfo.regions) {
    for (const architecture of [Architecture.X86_64, Architecture.ARM_64]) {
      const arn = layerArn(region, architecture);
      // CloudFormation's mapping keys are alphanumeric, so `x86_64` has to go by another name.
      if (arn !== undefined) (mapping[region] ??= {})[architectureKey(architecture)] = arn;
    }
  }
  return new CfnMapping(stack, MAPPING_ID, { mapping });
}

function architectureKey(architecture: Architecture): string {
  return architecture.name.replaceAll("_", "");
}

/**
 * The layer of the AppConfig agent that fits a function, or `undefined` where there is none: for a
 * container image, and in a region without the layer. There the runtime asks AppConfig itself.
 */
export function agentLayer(fn: Function): ILayerVersion | undefined {
  if (fn.runtime.name === "FROM_IMAGE") return undefined;
  const stack = Stack.of(fn);
  const arn = Token.isUnresolved(stack.region)
    ? layerMapping(stack).findInMap(stack.region, architectureKey(fn.architecture))
    : layerArn(stack.region, fn.architecture);
  return arn === undefined
    ? undefined
    : LayerVersion.fromLayerVersionArn(fn, "AppConfigAgent", arn);
}
