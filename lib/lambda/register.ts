import { receiveMessageOnPort, MessageChannel, Worker } from "node:worker_threads";

/**
 * Milliseconds that registering may take, of the ten seconds that Lambda gives an init. It takes some 30 ms;
 * but to have registered and not know it would be the end of every init, so a slow machine is waited for.
 */
const REGISTER_MS = 5_000;

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
const fail = (why) => tell({ error: String(why) });
try {
  const registering = request("http://" + api + "/2020-01-01/extension/register", {
    method: "POST",
    headers: { "Lambda-Extension-Name": name, "Content-Type": "application/json" },
  }, (response) => {
    let text = "";
    response.on("data", (chunk) => (text += chunk));
    response.on("error", fail);
    response.on("end", () => {
      const id = response.headers["lambda-extension-identifier"];
      if (response.statusCode !== 200) fail("HTTP " + response.statusCode + " " + text);
      else if (id === undefined) fail("the answer has no identifier");
      else tell({ id });
    });
  });
  registering.on("error", fail);
  registering.end(JSON.stringify({ events: ["INVOKE"] }));
} catch (error) {
  fail(error);
}
`;

/**
 * Registers an internal extension, and waits for it with the whole thread: it must be done before the
 * runtime asks for its first invocation, and a module has no other way to make it wait that a CommonJS
 * bundle could have.
 *
 * @param api host and port of the runtime's API.
 * @param options.limitMs milliseconds to wait for the platform. @default 5,000
 * @returns the extension's identifier.
 * @throws {Error} where the platform has no internal extensions, or init is over.
 */
export function registerExtension(
  api: string,
  name: string,
  { limitMs = REGISTER_MS } = {},
): string {
  const { port1, port2 } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(THREAD, {
    eval: true,
    workerData: { port: port2, done, api, name },
    transferList: [port2],
    // Not the function's own flags, such as a loader, which would have to be started too.
    execArgv: [],
  });
  thread.unref();
  thread.on("error", () => {});
  try {
    Atomics.wait(done, 0, 0, limitMs);
    const { id, error = `no answer in ${limitMs} ms` } = receiveMessageOnPort(port1)?.message ?? {};
    if (id === undefined) throw new Error(`registering the extension failed: ${error}`);
    return id;
  } finally {
    port1.close();
    void thread.terminate();
  }
}
