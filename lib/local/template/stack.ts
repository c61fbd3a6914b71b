import type { CreatedResource, ResourceMaker } from "../service.ts";
import type { AssemblyStack } from "./assembly.ts";
import { evaluateConditions } from "./conditions.ts";
import { resolveValue, type Scope } from "./intrinsics.ts";
import { dependencyOrder } from "./order.ts";
import { parameterValues } from "./parameters.ts";
import { pseudoParameters, type StackIdentity } from "./pseudo-parameters.ts";
import { references } from "./references.ts";
import { TemplateError, type TemplateResource, type Where } from "./template.ts";

export type Makers = Readonly<Record<string, ResourceMaker>>;
export type Outputs = Readonly<Record<string, string>>;

/** What the stacks made so far give to those that come after. */
export interface StackResults {
  /** By stack name, then by output name. */
  readonly outputs: Map<string, Outputs>;
  /** By export name. */
  readonly exports: Map<string, string>;
}

/** A stack whose template has been checked from end to end. */
export interface StackPlan {
  /** The logical ids of what it makes, in the order in which it does. */
  readonly order: readonly string[];
  /** Makes its resources one after the other, and adds its outputs and exports to the results. */
  create(results: StackResults): Promise<void>;
}

const knownSections = new Set([
  "AWSTemplateFormatVersion",
  "Description",
  "Metadata",
  "Parameters",
  // Rules assert things about parameters, and here those have their defaults.
  "Rules",
  "Mappings",
  "Conditions",
  "Resources",
  "Outputs",
]);

/**
 * Checks the whole of a stack's template, and makes nothing yet.
 *
 * @param given values of its parameters, beside and before their defaults
 * @throws TemplateError that names what the local cloud can't do, and where it stands
 */
export function planStack(
  { name: stackName, template }: AssemblyStack,
  identity: Omit<StackIdentity, "name">,
  makers: Makers,
  given: Readonly<Record<string, string>> = {},
): StackPlan {
  for (const section of Object.keys(template)) {
    if (!knownSections.has(section)) throw new TemplateError([stackName, section], "not supported");
  }
  const parameters = parameterValues(stackName, template.Parameters ?? {}, given);
  const made = new Map<string, CreatedResource>();
  const scopeOf = (results?: StackResults) =>
    stackScope(stackName, template, identity, parameters, made, results);
  const { condition } = scopeOf();
  // All of them, also those that only an Fn::If will ask for.
  for (const name of Object.keys(template.Conditions ?? {})) condition(name);
  const isMade = ({ Condition }: { Condition?: string }) =>
    Condition === undefined || condition(Condition);
  const resources = new Map(
    Object.entries(template.Resources ?? {}).filter(([, resource]) => isMade(resource)),
  );
  checkTypes(stackName, resources, makers);
  for (const [name, output] of Object.entries(template.Outputs ?? {})) {
    references(output, template, [stackName, "Outputs", name]);
  }
  const dependencies = new Map<string, Iterable<string>>();
  for (const [logicalId, { Properties = {}, DependsOn = [] }] of resources) {
    const where: Where = [stackName, "Resources", logicalId];
    const dependsOn = [DependsOn].flat();
    for (const id of dependsOn) {
      if (!Object.hasOwn(template.Resources!, id)) {
        throw new TemplateError([...where, "DependsOn"], `no resource ${id}`);
      }
    }
    const referred = references(Properties, template, [...where, "Properties"]);
    dependencies.set(logicalId, [...dependsOn, ...referred]);
  }
  const order = orderOf(stackName, dependencies);

  return {
    order,
    async create(results) {
      const scope = scopeOf(results);
      for (const logicalId of order) {
        const { Type, Properties = {} } = resources.get(logicalId)!;
        const where: Where = [stackName, "Resources", logicalId];
        const properties = resolveValue(Properties, scope, [...where, "Properties"]);
        try {
          const site = { stackName, logicalId, ...identity };
          made.set(logicalId, await makers[Type]!(properties as Record<string, unknown>, site));
        } catch (error) {
          throw new TemplateError(where, (error as Error).message, { cause: error });
        }
      }
      const outputs: Record<string, string> = {};
      results.outputs.set(stackName, outputs);
      for (const [name, output] of Object.entries(template.Outputs ?? {})) {
        if (!isMade(output)) continue;
        const where: Where = [stackName, "Outputs", name];
        outputs[name] = String(resolveValue(output.Value, scope, [...where, "Value"]));
        if (output.Export !== undefined) {
          const exportName = resolveValue(output.Export.Name, scope, [...where, "Export", "Name"]);
          results.exports.set(String(exportName), outputs[name]);
        }
      }
    },
  };
}

function stackScope(
  stackName: string,
  template: AssemblyStack["template"],
  identity: Omit<StackIdentity, "name">,
  parameters: ReadonlyMap<string, unknown>,
  made: ReadonlyMap<string, CreatedResource>,
  results: StackResults | undefined,
): Scope {
  const resource = (logicalId: string) => {
    const found = made.get(logicalId);
    // The plan has checked that the template declares it and has put it first.
    if (found === undefined) throw new Error(`${logicalId} is not made: its condition is false`);
    return found;
  };
  const operands = {
    region: identity.region,
    ref(name: string) {
      const pseudo = pseudoParameters.get(name);
      if (pseudo !== undefined) return pseudo({ ...identity, name: stackName });
      return parameters.has(name) ? parameters.get(name) : resource(name).ref;
    },
    attribute(logicalId: string, attribute: string) {
      const { attributes = {} } = resource(logicalId);
      if (attributes[attribute] !== undefined) return attributes[attribute];
      const known = Object.keys(attributes).join(", ") || "none";
      throw new Error(`${logicalId} has no attribute ${attribute} here; its attributes: ${known}`);
    },
    mapping: (map: string, top: string, second: string) =>
      template.Mappings?.[map]?.[top]?.[second],
    importValue(name: string) {
      const value = results?.exports.get(name);
      if (value === undefined) throw new Error(`no stack before this one exports ${name}`);
      return value;
    },
    stackOutput(stack: string, output: string) {
      const value = results?.outputs.get(stack)?.[output];
      if (value === undefined) throw new Error(`no stack ${stack} before this one has ${output}`);
      return value;
    },
  };
  const condition = evaluateConditions(template.Conditions ?? {}, operands, stackName);
  return { ...operands, condition };
}

/** All of the unknown types at once, so that they can be mended at once. */
function checkTypes(
  stackName: string,
  resources: ReadonlyMap<string, TemplateResource>,
  makers: Makers,
): void {
  const unknown = [...resources].filter(([, { Type }]) => !Object.hasOwn(makers, Type));
  if (unknown.length === 0) return;
  const [first, ...others] = unknown.map(
    ([logicalId, { Type }]) => [`Resources.${logicalId}`, `unknown resource type ${Type}`] as const,
  );
  const more = others.map((each) => `\n${stackName}: ${each.join(": ")}`).join("");
  throw new TemplateError([stackName, first![0]], first![1] + more);
}

function orderOf(
  stackName: string,
  dependencies: ReadonlyMap<string, Iterable<string>>,
): readonly string[] {
  try {
    return dependencyOrder(dependencies);
  } catch (error) {
    throw new TemplateError([stackName, "Resources"], (error as Error).message, { cause: error });
  }
}
