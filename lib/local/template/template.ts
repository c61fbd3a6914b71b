/** A CloudFormation template, as far as its shape is known before anything in it is resolved. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, TemplateParameter>>;
  readonly Mappings?: Readonly<Record<string, Record<string, Record<string, unknown>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
}

export interface TemplateOutput {
  readonly Value: unknown;
  readonly Export?: { readonly Name: unknown };
  readonly Condition?: string;
}

/** Where a value stands in a template: the stack's name, then keys and indexes. */
export type Where = readonly [stackName: string, ...path: string[]];

/** What is wrong with a template, and where. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";

  constructor(where: Where, message: string, options?: ErrorOptions) {
    const [stackName, ...path] = where;
    super([stackName, path.join("."), message].filter(Boolean).join(": "), options);
  }
}
