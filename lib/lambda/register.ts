import { receiveMessageOnPort, MessageChannel, Worker } from "node:worker_threads";

/** Milliseconds that registering may take: it is a request to this very machine, and holds up init. */
const REGISTER_MS = 1_000;

/**
 * What the thread does. It is text, since a bundler puts all of a function into one file, from which no
 * thread could be started otherwise.
 */
const THREAD = `
const { workerData } = require("node:worker_threads");
const { request } = require("node:http");
const { port, done, api, name } = workerData;
const tell = (message) => {
  port.postMessage(message);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
};
const registering = request("http://" + api + "/2020-01-01/extension/register", {
  method: "POST",
  headers: { "Lambda-Extension-Name": name, "Content-Type": "application/json" },
}, (response) => {
  let text = "";
  response.on("data", (chunk) => (text += chunk));
  response.on("end", () =>
    response.statusCode === 200
      ? tell({ id: response.headers["lambda-extension-identifier"] })
      : tell({ error: "HTTP " + response.statusCode + " " + text }));
});
registering.on("error", (error) => tell({ error: String(error) }));
registering.end(JSON.stringify({ events: ["INVOKE"] }));
`;

/**
 * Registers an internal extension, and waits for it with the whole thread: it must be done before the
 * runtime asks for its first invocation, and a module has no other way to make it wait that a CommonJS
 * bundle could have.
 *
 * @param api host and port of the runtime's API.
 * @returns the extension's identifier.
 * @throws {Error} where the platform has no internal extensions, or init is over.
 */
export function registerExtension(api: string, name: string): string {
  const { port1, port2 } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(THREAD, {
    eval: true,
    workerData: { port: port2, done, api, name },
    transferList: [port2],
    // Not the function's own flags, such as a loader, which would have to be started too.
    execArgv: [],
  });
  // It ends by itself; one that can't must not keep the process.
  thread.unref();
  thread.on("error", () => {});
  try {
    Atomics.wait(done, 0, 0, REGISTER_MS);
    const { id, error = `no answer in ${REGISTER_MS} ms` } =
      receiveMessageOnPort(port1)?.message ?? {};
    if (typeof id !== "string") throw new Error(`registering the extension failed: ${error}`);
    return id;
  } finally {
    port1.close();
  }
}
