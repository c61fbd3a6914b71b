import type * as http from "node:http";
import { setTimeout } from "node:timers/promises";
import { Agent, request } from "../node-http.ts";
import type { InvokeEvent } from "./hold.ts";

/** A connection may break while nobody looks at it, so only the second failure in a row is one to tell of. */
const TOLD_FAILURE = 2;

/** Milliseconds between the attempts that come after it. */
const RETRY_MS = 100;

export interface ExtensionEvents {
  /** Is given each invocation; when it resolves, the environment may freeze. It must not reject. */
  invoked(event: InvokeEvent): Promise<void>;
  /** The platform couldn't be asked, time and again. */
  failed(error: unknown): void;
}

/**
 * Serves an internal extension's events, one after the other, for as long as the process lives. It never
 * gives up: no invocation would end any more before its timeout.
 */
export async function serveExtension(
  api: string,
  id: string,
  events: ExtensionEvents,
): Promise<never> {
  // Its one connection is frozen together with the process for as long as it takes, so it has no
  // time-out; and it is no reason for a process to live on.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let failures = 0;
  for (;;) {
    let event: InvokeEvent;
    try {
      event = await nextEvent(api, id, agent);
    } catch (error) {
      failures++;
      if (failures === TOLD_FAILURE) events.failed(error);
      if (failures >= TOLD_FAILURE) await setTimeout(RETRY_MS, undefined, { ref: false });
      continue;
    }
    failures = 0;
    await events.invoked(event);
  }
}

function nextEvent(api: string, id: string, agent: http.Agent): Promise<InvokeEvent> {
  return new Promise((resolve, reject) => {
    const asking = request(`http://${api}/2020-01-01/extension/event/next`, {
      agent,
      headers: { "Lambda-Extension-Identifier": id },
    });
    asking.on("socket", (socket) => socket.unref());
    asking.on("error", reject);
    asking.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) {
          reject(new Error(`HTTP ${response.statusCode} ${text}`));
          return;
        }
        try {
          const { requestId, deadlineMs } = JSON.parse(text);
          resolve({ requestId, deadlineMs });
        } catch (error) {
          reject(error);
        }
      });
    });
    asking.end();
  });
}
