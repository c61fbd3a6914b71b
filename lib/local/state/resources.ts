import { isDeepStrictEqual } from "node:util";
import type { CreatedResource, KeptKind, KeptResource, ResourceMaker } from "../service.ts";
import type { CloudState } from "./cloud-state.ts";

/** The resources that a cloud takes over from the one before it, by what the templates say now. */
export interface KeptResources {
  /**
   * The maker of a type whose resources are kept. One that the cloud before has made, by stack and
   * logical id, stays as it is where its properties are the same, with all that was done to it since.
   */
  maker(type: string, make: ResourceMaker, kind: KeptKind): ResourceMaker;
  /**
   * Removes what the templates of these stacks have no longer, the last made first, and has the rest
   * kept. Call it when all are made.
   *
   * @returns what can't be taken back of it: call that when the state is written
   */
  settle(stackNames: Iterable<string>): () => Promise<void>;
}

/** A stack's resources by logical id, in the order in which they were made. */
type StackResources = Map<string, KeptResource>;

export function keptResources(state: CloudState): KeptResources {
  const stacks = new Map<string, StackResources>();
  const kinds = new Map<string, KeptKind>();
  const keyOf = (stackName: string) => `stack/${stackName}`;
  const before = (stackName: string) =>
    (state.left(keyOf(stackName)) ?? new Map()) as StackResources;

  return {
    maker(type, make, kind) {
      kinds.set(type, kind);
      return async (properties, site) => {
        const known = before(site.stackName).get(site.logicalId);
        // CloudFormation doesn't allow it either.
        if (known !== undefined && known.type !== type) {
          throw new Error(`was ${known.type} and is ${type}: use another folder for the state`);
        }
        const takeUp = () => {
          if (known === undefined || kind.update === undefined) return make(properties, site);
          if (isDeepStrictEqual(known.properties, properties)) return known.created;
          return kind.update(known, properties, site);
        };
        const resource = { type, properties, created: await takeUp() };
        let resources = stacks.get(site.stackName);
        if (resources === undefined) stacks.set(site.stackName, (resources = new Map()));
        resources.set(site.logicalId, resource);
        return resource.created;
      };
    },
    settle(stackNames) {
      const final: (() => Promise<void>)[] = [];
      const present = [...stacks.values()].flatMap((resources) => [...resources.values()]);
      const isPresent = (resource: KeptResource) =>
        present.some(({ created }) => isSame(created, resource.created));
      for (const name of stackNames) {
        // One that stands under another logical id by now, or was replaced, is judged by what it is.
        const gone = [...before(name).values()].filter((resource) => !isPresent(resource));
        for (const resource of gone.toReversed()) {
          const task = kinds.get(resource.type)!.remove(resource);
          if (task !== undefined) final.push(task);
        }
        const resources = stacks.get(name) ?? new Map();
        state.keep(keyOf(name), () => resources);
      }
      return async () => {
        for (const task of final) await task();
      };
    },
  };
}

/** Other attributes, such as a table's id, may differ between two of which one is in the other's place. */
const isSame = (one: CreatedResource, other: CreatedResource): boolean =>
  one.ref === other.ref && one.attributes?.["Arn"] === other.attributes?.["Arn"];
