import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { Service, ServiceResponse } from "../../../lib/local/service.ts";

/** What every SDK client of a test is made with, beside the endpoint. */
export const CLIENT = {
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
} as const;

/** Puts one service behind HTTP on 127.0.0.1, as the gateway does for all of them. */
export async function serve(
  service: Pick<Service, "handle">,
): Promise<{ endpoint: string; close: () => Promise<void> }> {
  const answer = async (request: IncomingMessage): Promise<ServiceResponse> => {
    const raw = await buffer(request);
    const url = new URL(request.url!, "http://localhost");
    return service.handle({
      method: request.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw,
    });
  };
  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: unknown) => ({ status: 500, headers: {}, body: `a bug: ${String(error)}` }))
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
