import { newEvent, type BusEvent } from "./event.ts";

/** An error of the whole request. */
export class EventsError extends Error {
  override readonly name = "EventsError";
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

type Input = Readonly<Record<string, any>>;

const MAX_ENTRIES = 10;
const MAX_BYTES = 1024 * 1024;

/** One entry of PutEvents: an event, or why it is none. The others are none the worse for it. */
export type Entry = BusEvent | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** Reads the entries of PutEvents. @throws EventsError for a request that is refused as a whole */
export function readEntries(
  input: Input,
  ids: { readonly region: string; readonly account: string; readonly nowMs: number },
): Entry[] {
  const entries: unknown = input["Entries"];
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > MAX_ENTRIES) {
    throw new EventsError("ValidationException", `Entries: allowed are 1 to ${MAX_ENTRIES}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(entries));
  if (bytes > MAX_BYTES) {
    const message = `Total size of the entries in the request is over the limit: ${bytes} bytes, allowed are ${MAX_BYTES}`;
    throw new EventsError("ValidationException", message);
  }
  return entries.map((entry: Input | null) => readEntry(entry ?? {}, ids));
}

function readEntry(
  entry: Input,
  { nowMs, ...ids }: { readonly region: string; readonly account: string; readonly nowMs: number },
): Entry {
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  const { Source, DetailType, Detail, Resources = [], EventBusName = "default" } = entry;
  if (EventBusName !== "default" && !String(EventBusName).endsWith(":event-bus/default")) {
    return refuse("ResourceNotFoundException", `Event bus ${EventBusName} does not exist.`);
  }
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (typeof value !== "string" || value === "") {
      return refuse("InvalidArgument", `Parameter ${name} is not valid. Reason: it is required.`);
    }
  }
  if (!Array.isArray(Resources) || !Resources.every((each) => typeof each === "string")) {
    return refuse("InvalidArgument", "Parameter Resources is not valid. Reason: not ARNs.");
  }
  const timeMs = entry["Time"] === undefined ? nowMs : Number(entry["Time"]) * 1_000;
  if (Number.isNaN(new Date(timeMs).getTime())) {
    return refuse("InvalidArgument", "Parameter Time is not valid. Reason: not a time.");
  }
  if (Source.startsWith("aws.")) {
    return refuse("NotAuthorizedForSource", `Not authorized for the source: ${Source}`);
  }
  const detail = readDetail(Detail);
  if (detail === undefined) return refuse("MalformedDetail", "Detail is malformed.");
  return newEvent({
    ...ids,
    source: Source,
    "detail-type": DetailType,
    resources: Resources,
    detail,
    timeMs,
  });
}

function readDetail(text: string): object | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === "object" && detail !== null && !Array.isArray(detail)
      ? detail
      : undefined;
  } catch {
    return undefined;
  }
}
