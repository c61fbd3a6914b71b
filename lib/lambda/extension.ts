import { Agent, request } from "node:http";
import type { InvokeEvent } from "./hold.ts";

/** A platform that can't be reached is asked once more: a connection may break while nobody looks at it. */
const ATTEMPTS = 2;

/**
 * Serves an internal extension's events, one after the other, for as long as the process lives.
 *
 * @param handle is given each invocation; when it resolves, the environment may freeze.
 * @returns rejects when the platform can't be reached any more.
 */
export async function serveExtension(
  api: string,
  id: string,
  handle: (event: InvokeEvent) => Promise<void>,
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
      if (failures === ATTEMPTS) throw error;
      continue;
    }
    failures = 0;
    await handle(event);
  }
}

function nextEvent(api: string, id: string, agent: Agent): Promise<InvokeEvent> {
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
