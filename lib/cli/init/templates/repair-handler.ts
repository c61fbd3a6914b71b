import type { Template } from "../template.ts";

export const repairHandlerTemplate: Template = ({ value, importSuffix }) =>
  `import { repairHandler } from "middy-segue";
import { ${value}Migration } from "./migration${importSuffix}";

/** Takes up the writes that only one version has, on a schedule. */
export const handler = repairHandler(${value}Migration);
`;
