/**
 * `node:http`, without `import`: that reads every name which the module exports, and one of them loads all of
 * `fetch` and `WebSocket`, some 12 ms of a cold start.
 */
export function nodeHttp() {
  return process.getBuiltinModule("node:http");
}
