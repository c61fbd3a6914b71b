import { only, type Template } from "../template.ts";

export const handlerTemplate: Template = ({ type, value, writes, importSuffix }) =>
  `import middy from "@middy/core";
import segue, { type SegueOptions } from "middy-segue";
import { ${value}Migration, type ${type}Item } from "./migration${importSuffix}";

export interface ${type}Event {
  readonly id: string;
${only(writes, "  readonly amount: number;\n")}}

export interface ${type}Response {
  readonly item: ${type}Item | null;
}

/** Makes the handler. A test gives it a mode, and keeps its records and metrics. */
export function make${type}Handler(options?: SegueOptions) {
  return middy<${type}Event, ${type}Response>()
    .use(segue(${value}Migration, options)) // the last one, so that it is the first after the handler
    .handler(async (event, context) => {
      // Where the handler had a client of V1, it has this one.
      const dependency = ${value}Migration.client(context);
${only(writes, "      await dependency.put({ id: event.id, amount: event.amount });\n")}\
      return { item: (await dependency.get(event.id)) ?? null };
    });
}

export const handler = make${type}Handler();
`;
