import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dependencyOrder } from "./order.ts";
import type { Template } from "./template.ts";

export interface AssemblyStack {
  /** The artifact's id in the assembly: what `cdk deploy` calls the stack. */
  readonly id: string;
  /** The name that CloudFormation would know it by. */
  readonly name: string;
  /** Ids of the stacks that must be there first. */
  readonly dependencies: readonly string[];
  readonly template: Template;
}

/** What `cdk synth` wrote. */
export interface Assembly {
  readonly directory: string;
  /** Each after those that it depends on. */
  readonly stacks: readonly AssemblyStack[];
  /** The file or directory, as an absolute path, that stands behind a key of the assets' bucket. */
  asset(objectKey: string): string | undefined;
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly dependencies?: readonly string[];
}

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

/**
 * Reads a cloud assembly: its stacks, in dependency order, and its assets.
 *
 * @throws Error where there is no assembly, where it has no stack, or where it has a Stage, whose
 *   nested assembly has to be opened itself
 */
export function readAssembly(directory: string): Assembly {
  if (!existsSync(join(directory, "manifest.json"))) {
    throw new Error(`${directory}: no manifest.json there, so not what cdk synth wrote`);
  }
  const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), "utf8"));
  const artifacts = Object.entries((read("manifest.json") as Manifest).artifacts ?? {});
  const stacks = new Map<string, AssemblyStack>();
  const assets = new Map<string, string>();
  for (const [id, { type, properties = {}, dependencies = [] }] of artifacts) {
    if (type === "aws:cloudformation:stack") {
      const template = read(properties["templateFile"]!) as Template;
      stacks.set(id, { id, name: properties["stackName"] ?? id, dependencies, template });
    } else if (type === "cdk:asset-manifest") {
      const { files = {} } = read(properties["file"]!) as AssetManifest;
      for (const { source, destinations } of Object.values(files)) {
        // An asset that is built by a command when it is published has no path.
        if (source.path === undefined) continue;
        for (const { objectKey } of Object.values(destinations)) {
          assets.set(objectKey, resolve(directory, source.path));
        }
      }
    } else if (type === "cdk:cloud-assembly") {
      const nested = join(directory, properties["directoryName"] ?? id);
      throw new Error(`${directory}: ${id} is a stage; open its own assembly, ${nested}`);
    }
  }
  if (stacks.size === 0) throw new Error(`${directory}: no stack in this assembly`);
  const order = dependencyOrder(
    new Map([...stacks.values()].map((stack) => [stack.id, stack.dependencies])),
  );
  return {
    directory: resolve(directory),
    stacks: order.map((id) => stacks.get(id)!),
    asset: (objectKey) => assets.get(objectKey),
  };
}

/**
 * The stacks of these names (or ids) and those that they depend on, in dependency order; all of
 * them without names.
 *
 * @throws Error for a name that no stack has
 */
export function selectStacks(
  assembly: Assembly,
  names?: readonly string[],
): readonly AssemblyStack[] {
  if (names === undefined) return assembly.stacks;
  const selected = new Set<string>();
  for (const name of names) {
    const stack = assembly.stacks.find((each) => each.name === name || each.id === name);
    if (stack === undefined) {
      const known = assembly.stacks.map((each) => each.name).join(", ");
      throw new Error(`stacks: got ${name}, the assembly has ${known}`);
    }
    selected.add(stack.id);
  }
  // Backwards through the order, a stack comes after all that need it.
  for (const stack of assembly.stacks.toReversed()) {
    if (selected.has(stack.id)) for (const id of stack.dependencies) selected.add(id);
  }
  return assembly.stacks.filter((stack) => selected.has(stack.id));
}
