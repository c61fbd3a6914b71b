import { only, type Template } from "../template.ts";

export const migrationTemplate: Template = ({ migration, type, value, writes, importSuffix }) =>
  `import { defineMigration } from "middy-segue";
import { ${type}V1 } from "./v1${importSuffix}";
import { ${type}V2 } from "./v2${importSuffix}";

export interface ${type}Item {
  readonly id: string;
  readonly amount: number;
}

/** What the handler asks for, whichever version answers. Put your own methods here. */
export interface ${type}Dependency {
  get(id: string): Promise<${type}Item | undefined>;
${only(writes, `  put(item: ${type}Item): Promise<void>;\n`)}}

export const ${value}Migration = defineMigration<${type}Dependency>({
  name: "${migration}",
  v1: () => new ${type}V1(),
  v2: () => new ${type}V2(),
  operations: {
    // While a ramp is under way, a key has the same mode everywhere.
    get: { kind: "read", key: (id) => id },
${only(writes, PUT)}  },
});
`;

const PUT = `    put: {
      kind: "write",
      dual: true,
      key: ({ id }) => id,
      // The same for each try of one write, and another one for any other write.
      idempotencyKey: ({ id }) => id,
      // Makes the version that missed a write agree with the other one.
      async reconcile(primary, secondary, { idempotencyKey }) {
        const item = await primary.get(idempotencyKey!);
        if (item !== undefined) await secondary.put(item);
      },
    },
`;
