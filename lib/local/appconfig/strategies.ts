import { badRequest, notFound } from "./errors.ts";
import { DESCRIPTION, NAME, oneOf, optionalNumber, optionalText, page, text } from "./input.ts";
import type { Input } from "./input.ts";
import type { AppConfigState, DeploymentStrategy } from "./model.ts";
import { newId } from "./store.ts";

const MINUTES = { min: 0, max: 1440, integer: true } as const;
const GROWTH = { min: 1, max: 100 } as const;

const predefined = (
  name: string,
  growthType: "LINEAR" | "EXPONENTIAL",
  growthFactor: number,
  deploymentDurationInMinutes: number,
  finalBakeTimeInMinutes: number,
): DeploymentStrategy => ({
  id: name,
  name,
  growthType,
  growthFactor,
  deploymentDurationInMinutes,
  finalBakeTimeInMinutes,
  replicateTo: "NONE",
});

export const PREDEFINED_STRATEGIES: readonly DeploymentStrategy[] = [
  predefined("AppConfig.AllAtOnce", "LINEAR", 100, 0, 10),
  predefined("AppConfig.Linear50PercentEvery30Seconds", "LINEAR", 50, 1, 1),
  predefined("AppConfig.Canary10Percent20Minutes", "EXPONENTIAL", 10, 20, 10),
  predefined("AppConfig.Linear20PercentEvery6Minutes", "LINEAR", 20, 30, 30),
];

const strategyShape = (strategy: DeploymentStrategy) => ({
  Id: strategy.id,
  Name: strategy.name,
  Description: strategy.description,
  DeploymentDurationInMinutes: strategy.deploymentDurationInMinutes,
  GrowthType: strategy.growthType,
  GrowthFactor: strategy.growthFactor,
  FinalBakeTimeInMinutes: strategy.finalBakeTimeInMinutes,
  ReplicateTo: strategy.replicateTo,
});

export function findStrategy(state: AppConfigState, id: string): DeploymentStrategy {
  const strategy = state.strategies.get(id);
  if (strategy === undefined) throw notFound("DeploymentStrategy", id);
  return strategy;
}

export function createDeploymentStrategy(state: AppConfigState, input: Input) {
  const duration = optionalNumber(input, "DeploymentDurationInMinutes", MINUTES);
  const factor = optionalNumber(input, "GrowthFactor", GROWTH);
  if (duration === undefined) throw badRequest("DeploymentDurationInMinutes: required");
  if (factor === undefined) throw badRequest("GrowthFactor: required");
  // SSM_DOCUMENT would have AWS write a copy to Systems Manager, which the local cloud hasn't got.
  oneOf(input, "ReplicateTo", ["NONE"]);
  const strategy: DeploymentStrategy = {
    id: newId(state.strategies),
    name: text(input, "Name", NAME),
    description: optionalText(input, "Description", DESCRIPTION),
    deploymentDurationInMinutes: duration,
    growthType: oneOf(input, "GrowthType", ["LINEAR", "EXPONENTIAL"]) ?? "LINEAR",
    growthFactor: factor,
    finalBakeTimeInMinutes: optionalNumber(input, "FinalBakeTimeInMinutes", MINUTES) ?? 0,
    replicateTo: "NONE",
  };
  state.strategies.set(strategy.id, strategy);
  return strategyShape(strategy);
}

export const getDeploymentStrategy = (state: AppConfigState, input: Input) =>
  strategyShape(findStrategy(state, input.DeploymentStrategyId));

export const listDeploymentStrategies = (state: AppConfigState, input: Input) =>
  page([...state.strategies.values()].map(strategyShape), input);

/** Deployments that run already keep the strategy as it was. */
export function updateDeploymentStrategy(state: AppConfigState, input: Input) {
  const strategy = own(findStrategy(state, input.DeploymentStrategyId));
  const description = optionalText(input, "Description", DESCRIPTION);
  const duration = optionalNumber(input, "DeploymentDurationInMinutes", MINUTES);
  const bake = optionalNumber(input, "FinalBakeTimeInMinutes", MINUTES);
  const factor = optionalNumber(input, "GrowthFactor", GROWTH);
  const type = oneOf(input, "GrowthType", ["LINEAR", "EXPONENTIAL"]);
  strategy.description = description ?? strategy.description;
  strategy.deploymentDurationInMinutes = duration ?? strategy.deploymentDurationInMinutes;
  strategy.finalBakeTimeInMinutes = bake ?? strategy.finalBakeTimeInMinutes;
  strategy.growthFactor = factor ?? strategy.growthFactor;
  strategy.growthType = type ?? strategy.growthType;
  return strategyShape(strategy);
}

export function deleteDeploymentStrategy(state: AppConfigState, input: Input): void {
  state.strategies.delete(own(findStrategy(state, input.DeploymentStrategyId)).id);
}

function own(strategy: DeploymentStrategy): DeploymentStrategy {
  if (PREDEFINED_STRATEGIES.includes(strategy)) {
    throw badRequest(`${strategy.id} is a predefined strategy, which cannot be changed`);
  }
  return strategy;
}
