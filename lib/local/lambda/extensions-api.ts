import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../read-body.ts";
import { accept, answerJson, refuse } from "./api-answers.ts";

/** What registering tells an extension of its function. */
export interface FunctionMetadata {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

/** What an extension hears of an invocation. */
export interface InvokeEvent {
  readonly eventType: "INVOKE";
  readonly deadlineMs: number;
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly tracing: { readonly type: "X-Amzn-Trace-Id"; readonly value: string };
}

/** What extensions tell. */
export interface ExtensionEvents {
  /** One waits for its next event. */
  onExtensionReady(): void;
  /** One can't go on, and is about to end its process. */
  onExtensionError(errorType: "Extension.InitError" | "Extension.ExitError"): void;
}

/** The Lambda Extensions API of one execution environment, for internal extensions. */
export interface ExtensionsApi {
  readonly count: number;
  /** Whether all that have registered wait for their next event. */
  readonly allReady: boolean;
  /** @returns whether the request is one of this API's */
  handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean>;
  /** Refuses who registers later than this: when the runtime is ready, at the end of init. */
  closeRegistration(): void;
  /** Gives an invocation to those that have registered for it. */
  deliver(event: InvokeEvent): void;
}

type State = "Registered" | "Ready" | "Running" | "InitError" | "ExitError";

interface Extension {
  readonly id: string;
  readonly name: string;
  readonly isForInvoke: boolean;
  state: State;
  /** Its long poll, while it is ready. */
  waiting?: ServerResponse;
}

const prefix = "/2020-01-01/extension";
const MAX_EXTENSIONS = 10;
const MAX_BODY_BYTES = 64 * 1024;
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

export function createExtensionsApi(
  { accountId, ...metadata }: FunctionMetadata,
  events: ExtensionEvents,
): ExtensionsApi {
  const extensions = new Map<string, Extension>();
  let registrationClosed = false;
  const all = () => [...extensions.values()];

  const register = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const name = header(incoming, "lambda-extension-name");
    if (!name) return forbid(outgoing, "Extension.InvalidExtensionName", "Empty extension name");
    const requested = await requestedEvents(incoming);
    if (requested === undefined) {
      return forbid(outgoing, "InvalidRequestFormat", "the body is not as expected");
    }
    for (const event of requested) {
      if (event === "INVOKE") continue;
      const why =
        event === "SHUTDOWN"
          ? "ShutdownEventNotSupportedForInternalExtension"
          : "ErrorInvalidEventType";
      return forbid(outgoing, "Extension.InvalidEventType", `${event}: ${why}`);
    }
    if (registrationClosed) {
      const message = "Extension registration closed already";
      return forbid(outgoing, "Extension.RegistrationClosed", message);
    }
    if (all().some((extension) => extension.name === name)) {
      const message = "Extension with this name already registered";
      return forbid(outgoing, "Extension.InvalidExtensionState", message);
    }
    if (extensions.size >= MAX_EXTENSIONS) {
      const message = `Extension limit (${MAX_EXTENSIONS}) reached`;
      return forbid(outgoing, "Extension.TooManyExtensions", message);
    }
    const id = randomUUID();
    const isForInvoke = requested.includes("INVOKE");
    extensions.set(id, { id, name, isForInvoke, state: "Registered" });
    outgoing.setHeader("lambda-extension-identifier", id);
    const features = header(incoming, "lambda-extension-accept-feature")?.split(",") ?? [];
    const withAccount = features.some((feature) => feature.trim() === "accountId");
    return answerJson(outgoing, 200, withAccount ? { accountId, ...metadata } : metadata);
  };

  const next = (extension: Extension, outgoing: ServerResponse) => {
    if (extension.state !== "Registered" && extension.state !== "Running") {
      return forbidTransition(outgoing, extension, "Ready");
    }
    extension.state = "Ready";
    extension.waiting = outgoing;
    events.onExtensionReady();
  };

  const fail = (
    extension: Extension,
    [incoming, outgoing]: readonly [IncomingMessage, ServerResponse],
    state: "InitError" | "ExitError",
  ) => {
    if (!header(incoming, "lambda-extension-function-error-type")) {
      const message = "Lambda-Extension-Function-Error-Type not found";
      return forbid(outgoing, "Extension.MissingHeader", message);
    }
    const from: readonly State[] =
      state === "InitError"
        ? ["Registered", "InitError"]
        : ["Registered", "Ready", "Running", "ExitError"];
    if (!from.includes(extension.state)) return forbidTransition(outgoing, extension, state);
    extension.state = state;
    events.onExtensionError(`Extension.${state}`);
    return accept(outgoing);
  };

  /** The extension that asks; who doesn't say so, or is none, gets an answer here. */
  const identify = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const id = header(incoming, "lambda-extension-identifier");
    const extension = extensions.get(id ?? "");
    if (extension !== undefined) return extension;
    if (!id) {
      const message = "Missing Lambda-Extension-Identifier header";
      forbid(outgoing, "Extension.MissingExtensionIdentifier", message);
    } else if (!uuid.test(id)) {
      const message = "Invalid Lambda-Extension-Identifier";
      forbid(outgoing, "Extension.InvalidExtensionIdentifier", message);
    } else {
      forbid(outgoing, "Extension.UnknownExtensionIdentifier", `Unknown extension ${id}`);
    }
    return undefined;
  };

  return {
    get count() {
      return extensions.size;
    },
    get allReady() {
      return all().every(({ state }) => state === "Ready");
    },
    async handle(incoming, outgoing) {
      const request = `${incoming.method} ${incoming.url}`;
      if (request === `POST ${prefix}/register`) {
        await register(incoming, outgoing);
        return true;
      }
      const known = [
        `GET ${prefix}/event/next`,
        `POST ${prefix}/init/error`,
        `POST ${prefix}/exit/error`,
      ];
      const route = known.indexOf(request);
      if (route === -1) return false;
      const extension = identify(incoming, outgoing);
      if (extension === undefined) return true;
      if (route === 0) next(extension, outgoing);
      else fail(extension, [incoming, outgoing], route === 1 ? "InitError" : "ExitError");
      return true;
    },
    closeRegistration() {
      registrationClosed = true;
    },
    deliver(event) {
      for (const extension of all()) {
        if (!extension.isForInvoke || extension.state !== "Ready") continue;
        extension.state = "Running";
        answerJson(extension.waiting!, 200, event);
      }
    },
  };
}

function header(incoming: IncomingMessage, name: string): string | undefined {
  return incoming.headers[name] as string | undefined;
}

async function requestedEvents(incoming: IncomingMessage): Promise<readonly string[] | undefined> {
  try {
    const body = await readBody(incoming, MAX_BODY_BYTES);
    const { events = [] } = JSON.parse(body.toString()) as { events?: unknown };
    if (Array.isArray(events) && events.every((event) => typeof event === "string")) return events;
  } catch {
    // Too large, not JSON, or null.
  }
  return undefined;
}

function forbid(outgoing: ServerResponse, errorType: string, errorMessage: string): void {
  refuse(outgoing, 403, { errorType, errorMessage });
}

function forbidTransition(outgoing: ServerResponse, { state, id }: Extension, to: State): void {
  const message = `State transition from ${state} to ${to} failed for extension ${id}. Error: State transition is not allowed`;
  forbid(outgoing, "Extension.InvalidExtensionState", message);
}
