import type { Cloud } from "../../lib/local/cloud.ts";
import type { ServiceRequest } from "../../lib/local/service.ts";

/**
 * Counts the requests that reach a cloud, those of its functions and agents included, by what a test
 * calls them.
 *
 * @param nameOf what a request of the service is counted as; nothing for one that doesn't matter.
 */
export function countRequests(
  cloud: Cloud,
  service: string,
  nameOf: (request: ServiceRequest) => string | undefined,
) {
  let counts: Record<string, number> = {};
  const stop = cloud.inject({
    service,
    // A fault that never steps in sees every request on its way.
    when(request) {
      const name = nameOf(request);
      if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
      return false;
    },
    respond: () => "hang",
  });
  return {
    stop,
    /** What was counted since this was last asked. */
    take(): Readonly<Record<string, number>> {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

/** The operation of a request in one of AWS's JSON protocols, such as `BatchWriteItem`. */
export function operationOf({ headers }: ServiceRequest): string {
  return String(headers["x-amz-target"]).split(".").at(-1)!;
}
