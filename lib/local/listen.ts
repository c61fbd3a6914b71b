import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Listens on 127.0.0.1, and on nothing else.
 *
 * @param port @default 0, a free one
 * @returns the port
 */
export async function listen(server: Server, port = 0): Promise<number> {
  // A client that reuses an idle connection just as the server closes it sees a reset; here nobody
  // needs idle connections closed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Stops listening and breaks what connections there are. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
