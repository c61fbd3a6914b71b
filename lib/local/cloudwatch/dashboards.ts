import type { CloudState } from "../state/cloud-state.ts";
import { dashboardNotFound, validationError } from "./errors.ts";
import { list, optionalText, text } from "./input.ts";
import type { Input } from "./input.ts";

interface Dashboard {
  readonly body: string;
  readonly modifiedAt: number;
}

/** The key of what is kept. */
const KEPT = "dashboards";

/** Dashboards are kept as they are given: nothing local draws them. */
export class Dashboards {
  readonly #dashboards: Map<string, Dashboard>;
  readonly #state: CloudState;
  readonly #arnPrefix: string;

  constructor(account: string, state: CloudState) {
    this.#state = state;
    this.#dashboards = (state.left(KEPT) as Map<string, Dashboard> | undefined) ?? new Map();
    this.#arnPrefix = `arn:aws:cloudwatch::${account}:dashboard/`;
  }

  put(input: Input, now: number): { DashboardValidationMessages: [] } {
    const name = text(input, "DashboardName", 255, /^[A-Za-z0-9_-]+$/);
    const body = text(input, "DashboardBody", Infinity);
    try {
      JSON.parse(body);
    } catch {
      throw validationError(`DashboardBody: ${name} is not JSON`);
    }
    this.#dashboards.set(name, { body, modifiedAt: now });
    this.#keep();
    return { DashboardValidationMessages: [] };
  }

  get(input: Input) {
    const name = text(input, "DashboardName", 255);
    return {
      DashboardArn: this.#arnPrefix + name,
      DashboardBody: this.#find(name).body,
      DashboardName: name,
    };
  }

  list(input: Input) {
    const prefix = optionalText(input, "DashboardNamePrefix") ?? "";
    const entries = [...this.#dashboards].filter(([name]) => name.startsWith(prefix));
    return {
      DashboardEntries: entries.map(([name, { body, modifiedAt }]) => ({
        DashboardName: name,
        DashboardArn: this.#arnPrefix + name,
        LastModified: modifiedAt / 1_000,
        Size: Buffer.byteLength(body),
      })),
    };
  }

  /** All or none. */
  delete(input: Input): Record<string, never> {
    const names = list<string>(input, "DashboardNames", 100);
    for (const name of names) this.#find(name);
    this.remove(names);
    return {};
  }

  /** Of names that aren't there it takes no notice. */
  remove(names: readonly string[]): void {
    for (const name of names) this.#dashboards.delete(name);
    this.#keep();
  }

  #keep(): void {
    this.#state.keep(KEPT, () => this.#dashboards);
  }

  #find(name: string): Dashboard {
    const dashboard = this.#dashboards.get(name);
    if (dashboard === undefined) throw dashboardNotFound(name);
    return dashboard;
  }
}
