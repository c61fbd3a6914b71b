/**
 * `node:http`, without `import`: that reads every name which the module exports, and one of them loads all of
 * `fetch` and `WebSocket`, some 12 ms of a cold start.
 */
export const { Agent, get, request } = process.getBuiltinModule("node:http");
