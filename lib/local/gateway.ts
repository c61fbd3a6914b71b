import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { Access, Refusal } from "./access.ts";
import { credentialScope } from "./credential-scope.ts";
import { closeServer, listen } from "./listen.ts";
import { BodyError, readBody } from "./read-body.ts";
import type { Service, ServiceRequest, ServiceResponse } from "./service.ts";

/** A fault, for tests and drills. */
export interface Fault {
  /** The signing name of the service whose requests it takes. */
  readonly service: string;
  /** Which of them. @default all */
  when?(request: ServiceRequest): boolean;
  /** The answer in the service's stead; `"hang"` gives none, ever. */
  respond(request: ServiceRequest): ServiceResponse | "hang";
}

/** The one endpoint of the local cloud, whatever the service. */
export interface Gateway {
  /** Such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Adds a service. */
  serve(service: Service): void;
  /** Answers a signed request that comes from within the cloud as it does those from outside. */
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** Makes requests fail as the rule says, the earliest rule first. Returns what undoes it. */
  inject(fault: Fault): () => void;
  /** Breaks all connections. Closes no service. */
  close(): Promise<void>;
}

/** Above every limit of the services themselves (DynamoDB takes 16 MB), so that those speak first. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export interface GatewayOptions {
  /** @default a free one */
  readonly port?: number;
  /** The time, in epoch milliseconds, that each answer tells. @default the machine's */
  now?(): number;
  /**
   * Says why the holder of an access key may not do what a request does, or `undefined`.
   *
   * @default everybody may do everything
   */
  authorize?(accessKeyId: string, accesses: () => readonly Access[]): Refusal | undefined;
}

export async function openGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const services = new Map<string, Service>();
  const faults = new Set<Fault>();

  const dispatch = async (request: ServiceRequest): Promise<ServiceResponse | "hang"> => {
    const scope = credentialScope(request.headers.authorization);
    if (scope === undefined) {
      return errorResponse(
        403,
        "MissingAuthenticationTokenException",
        `${request.method} ${request.path}: no Authorization header with a credential scope, which is how the local cloud tells the services apart`,
      );
    }
    const service = services.get(scope.service);
    if (service === undefined) {
      const known = [...services.keys()].join(", ");
      const message = `the local cloud has no service ${scope.service}; it has ${known}`;
      return errorResponse(400, "UnknownServiceException", message);
    }
    // A fault is on the way to the service, and so stands before all that the service says.
    for (const fault of faults) {
      if (fault.service === service.signingName && (fault.when?.(request) ?? true)) {
        return fault.respond(request);
      }
    }
    const refusal = options.authorize?.(scope.accessKeyId, () => service.accesses(request));
    return refusal === undefined ? service.handle(request) : service.refuse(refusal);
  };

  const answer = async (incoming: IncomingMessage): Promise<ServiceResponse | "hang"> => {
    const [path = "/", query = ""] = (incoming.url ?? "/").split(/\?(.*)/s, 2);
    return dispatch({
      method: incoming.method ?? "GET",
      path,
      query: new URLSearchParams(query),
      headers: incoming.headers,
      body: await readBody(incoming, MAX_BODY_BYTES),
    });
  };

  const server = createServer((incoming, outgoing) => {
    // Clients that reckon with the cloud's time, not with their machine's, have it from here.
    outgoing.setHeader("date", new Date(options.now?.() ?? Date.now()).toUTCString());
    answer(incoming).then(
      (response) => response === "hang" || send(outgoing, response),
      (error: unknown) => send(outgoing, failureResponse(incoming, error)),
    );
  });
  const port = await listen(server, options.port);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async handle(request) {
      const response = await dispatch(request);
      return response === "hang" ? new Promise(() => {}) : response;
    },
    serve: (service) => services.set(service.signingName, service),
    inject(fault) {
      // A copy, so that a rule given twice is two rules.
      const added = { ...fault };
      faults.add(added);
      return () => faults.delete(added);
    },
    close: () => closeServer(server),
  };
}

function send(
  outgoing: ServerResponse,
  { status, headers, body = "", stream }: ServiceResponse,
): void {
  outgoing.writeHead(status, { "x-amzn-requestid": randomUUID(), ...headers });
  if (stream === undefined) outgoing.end(body);
  // Who goes away in the middle destroys the stream, which its service sees.
  else pipeline(stream, outgoing, () => {});
}

function failureResponse(incoming: IncomingMessage, error: unknown): ServiceResponse {
  if (error instanceof BodyError) {
    const type = error.status === 413 ? "RequestEntityTooLarge" : "SerializationException";
    return errorResponse(error.status, type, error.message);
  }
  // The client that went away in mid-request made no bug here, and reads no answer.
  if (!incoming.destroyed || incoming.complete) {
    console.error(`local cloud: ${incoming.method} ${incoming.url}:`, error);
  }
  return errorResponse(
    500,
    "InternalFailure",
    error instanceof Error ? error.message : String(error),
  );
}

/** An error that every JSON protocol of AWS reads, by its header or by its body. */
function errorResponse(status: number, type: string, message: string): ServiceResponse {
  return {
    status,
    headers: { "content-type": "application/json", "x-amzn-errortype": type },
    body: JSON.stringify({ __type: type, message, Message: message }),
  };
}
