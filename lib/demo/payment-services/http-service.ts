import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { closeServer, listen } from "../../local/listen.ts";
import { BodyError, readBody } from "../../local/read-body.ts";

export interface HttpRequest {
  readonly method: string;
  /** Such as `/customers/c-1/payments`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's JSON; `undefined` where there is no body. */
  readonly body: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * What goes wrong:
 * - `error`: HTTP status 500;
 * - `reset`: the connection breaks;
 * - `hang`: nothing is ever answered;
 * - a function is awaited, so that the service is as slow as that.
 */
export type Trouble = "error" | "reset" | "hang" | (() => Promise<unknown>);

/** A fault, for tests and drills. */
export interface ServiceFault {
  /** Which requests it takes. @default all */
  when?(request: HttpRequest): boolean;
  /** How many of them. @default all, until it is undone */
  readonly times?: number;
  /** Befalls the request before the service has done anything. */
  readonly before?: Trouble;
  /** Befalls the answer, when the service has done all that was asked. */
  readonly after?: Trouble;
  /** What is answered instead of what is right. */
  answer?(right: HttpAnswer): HttpAnswer;
}

/** A service over HTTP on 127.0.0.1. */
export interface HttpService extends AsyncDisposable {
  /** Such as `http://127.0.0.1:4567`. */
  readonly url: string;
  /** How many requests have come. */
  requestCount(): number;
  /** Makes requests fail, by the first fault that takes them. Returns what undoes it. */
  inject(fault: ServiceFault): () => void;
  /** Stops listening, and breaks what connections there are. */
  close(): Promise<void>;
}

/** A request that a service won't take. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: 400 | 404 | 413 | 422;

  constructor(status: RequestError["status"], message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * By method and path, such as `GET /customers/:customerId/payments`: what answers such a request. It
 * gets what stands in the place of the names.
 */
export type Routes = Readonly<
  Record<string, (names: Readonly<Record<string, string>>, request: HttpRequest) => HttpAnswer>
>;

const MAX_BODY_BYTES = 64 * 1024;

/**
 * Serves JSON over HTTP.
 *
 * @param answerTo the answer to what a route throws, and to a {@link RequestError} where there is no
 *   route or the body can't be read; `undefined` for status 500.
 */
export async function openHttpService(
  routes: Routes,
  answerTo: (error: unknown) => HttpAnswer | undefined,
): Promise<HttpService> {
  const faults = new Set<ServiceFault>();
  const taken = new Map<ServiceFault, number>();
  let requests = 0;

  const faultFor = (request: HttpRequest): ServiceFault | undefined => {
    for (const fault of faults) {
      if (fault.when?.(request) === false) continue;
      const count = (taken.get(fault) ?? 0) + 1;
      if (count > (fault.times ?? Infinity)) continue;
      taken.set(fault, count);
      return fault;
    }
    return undefined;
  };

  const route = (request: HttpRequest): HttpAnswer => {
    for (const [pattern, answer] of Object.entries(routes)) {
      const names = match(pattern, request);
      if (names !== undefined) return answer(names, request);
    }
    throw new RequestError(404, `nothing answers ${request.method} ${request.path}`);
  };

  /** The answer, or how there comes to be none. */
  const handle = async (incoming: IncomingMessage): Promise<HttpAnswer | "reset" | "hang"> => {
    const request = await read(incoming);
    const { before, after, answer } = faultFor(request) ?? {};
    if (typeof before === "function") await before();
    else if (before !== undefined) return before === "error" ? INTERNAL_ERROR : before;
    const right = route(request);
    if (typeof after === "function") await after();
    else if (after !== undefined) return after === "error" ? INTERNAL_ERROR : after;
    return answer?.(right) ?? right;
  };

  const server = createServer((incoming, outgoing) => {
    requests++;
    void handle(incoming)
      .catch((error: unknown) => answerTo(error) ?? INTERNAL_ERROR)
      .then((answer) => {
        if (answer === "reset") incoming.socket.resetAndDestroy();
        else if (answer !== "hang") {
          outgoing.writeHead(answer.status, { "content-type": "application/json" });
          outgoing.end(JSON.stringify(answer.body));
        }
      });
  });
  const port = await listen(server);
  const close = () => closeServer(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requestCount: () => requests,
    inject(fault) {
      faults.add(fault);
      return () => void faults.delete(fault);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const INTERNAL_ERROR: HttpAnswer = { status: 500, body: { error: "internal" } };

async function read(incoming: IncomingMessage): Promise<HttpRequest> {
  const request = {
    method: incoming.method ?? "GET",
    path: incoming.url ?? "/",
    headers: incoming.headers,
  };
  try {
    const body = await readBody(incoming, MAX_BODY_BYTES);
    return { ...request, body: body.length === 0 ? undefined : JSON.parse(body.toString()) };
  } catch (error) {
    if (error instanceof BodyError) throw new RequestError(error.status, error.message);
    throw new RequestError(400, "the body is no JSON");
  }
}

/** What stands in the place of a route's names, if the request is one of the route's. */
function match(pattern: string, { method, path }: HttpRequest): Record<string, string> | undefined {
  const [ofMethod, ofPath = ""] = pattern.split(" ");
  const wanted = ofPath.split("/");
  const got = path.split("/");
  if (method !== ofMethod || got.length !== wanted.length) return undefined;
  const names: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(":")) names[part.slice(1)] = got[index]!;
    else if (part !== got[index]) return undefined;
  }
  return names;
}
