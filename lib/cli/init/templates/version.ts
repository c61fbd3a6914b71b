import { only, type Template } from "../template.ts";

const ABOUT = {
  V1: "V1: what the function uses today. The calls that its handler makes move here.",
  V2: "V2: where the function is to be. The calls to the successor go here.",
};

/** The adapter of one of the versions. */
export function versionTemplate(version: keyof typeof ABOUT): Template {
  return ({ type, writes, importSuffix }) =>
    `import type { ${type}Dependency, ${type}Item } from "./migration${importSuffix}";

/** ${ABOUT[version]} */
export class ${type}${version} implements ${type}Dependency {
  readonly #items = new Map<string, ${type}Item>([["first", { id: "first", amount: 1 }]]);

  async get(id: string): Promise<${type}Item | undefined> {
    return this.#items.get(id);
  }
${only(
  writes,
  `
  async put(item: ${type}Item): Promise<void> {
    this.#items.set(item.id, item);
  }
`,
)}}
`;
}
