import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { jsonLogger, messageOf, neverThrowing, type Logger } from "../logger.ts";
import { Tally, type MetricsSink } from "../metrics/tally.ts";
import {
  FIRST_DOCUMENT,
  ModeDocumentError,
  parseModeDocument,
  type ModeDocument,
} from "../mode/mode-document.ts";
import type { Evidence } from "./conditions.ts";
import type { ModeProfile } from "./deployments.ts";
import { readEvidence } from "./evidence.ts";
import type { GateThresholds } from "./gate-thresholds.ts";
import {
  judgeBlindly,
  judgeMove,
  needsEvidence,
  refusalText,
  type NoEvidence,
  type Verdict,
} from "./gate.ts";
import { documentInForce, presentMode } from "./present-mode.ts";

/**
 * Milliseconds for all that is read. AppConfig waits for 15 seconds, the function's start included, and
 * a refusal that says why is worth more than a time-out.
 */
const READ_WITHIN_MS = 8_000;

/** What AppConfig sends to a validator, and, with `dryRun`, what a person asks. */
export interface GateEvent {
  readonly configurationProfileId: string;
  /** The document, in base64. */
  readonly content: string;
  /** Whether the verdict is to be returned, and a refusal not to be thrown. @default false */
  readonly dryRun?: boolean;
}

export interface ModeGateOptions {
  /** Whose documents are judged, but for the profile, which comes with each request. */
  readonly target: Omit<ModeProfile, "profileId">;
  readonly migration: string;
  readonly thresholds: GateThresholds;
  readonly cloudWatch: CloudWatchClient;
  readonly metrics: MetricsSink;
  /** @default one JSON line an entry, on the console */
  readonly logger?: Logger;
  /** The present, in epoch milliseconds. */
  readonly now: () => number;
}

/** A document that may not be deployed. Its message is what the operator reads. */
export class DocumentRefused extends Error {
  override readonly name = "DocumentRefused";
}

/**
 * The gate as a Lambda function: AppConfig calls it before every deployment of the mode document, and a
 * throw refuses the deployment. Evidence is read for promotions alone, so nothing that fails there keeps
 * anybody from rolling back.
 */
export function modeGate(options: ModeGateOptions): (event: GateEvent) => Promise<Verdict> {
  const { metrics, migration } = options;
  const logger = neverThrowing(options.logger ?? jsonLogger);

  const report = async (what: "GateRefusals" | "GateOverrides", details: object) => {
    const tally = new Tally(migration);
    tally.count(what);
    logger.warn(what === "GateRefusals" ? "mode document refused" : "mode document overridden", {
      migration,
      ...details,
    });
    await metrics.publish([tally]);
  };

  return async ({ configurationProfileId, content, dryRun = false }) => {
    const signal = AbortSignal.timeout(READ_WITHIN_MS);
    let to: ModeDocument;
    try {
      to = parseModeDocument(Buffer.from(content, "base64").toString());
    } catch (error) {
      if (!(error instanceof ModeDocumentError)) throw error;
      if (!dryRun) await report("GateRefusals", { why: error.message });
      throw new DocumentRefused(`Refused: no mode document: ${error.message}`);
    }
    const profile = { ...options.target, profileId: configurationProfileId };
    const verdict = await judge(options, profile, to, signal);
    if (dryRun) return verdict;
    if (verdict.overridden !== undefined) await report("GateOverrides", { verdict });
    if (!verdict.allowed) {
      await report("GateRefusals", { verdict });
      throw new DocumentRefused(refusalText(verdict));
    }
    return verdict;
  };
}

async function judge(
  options: ModeGateOptions,
  profile: ModeProfile,
  to: ModeDocument,
  signal: AbortSignal,
): Promise<Verdict> {
  const { thresholds } = options;
  let from: ModeDocument;
  try {
    // The very first document is judged when there is none in force.
    from = (await documentInForce(profile, signal)) ?? FIRST_DOCUMENT;
  } catch (error) {
    return judgeBlindly(to, whyNot(error, signal), thresholds);
  }
  const evidence = needsEvidence(from, to)
    ? await gatherEvidence(options, profile, signal)
    : { unreadable: "not asked for" };
  return judgeMove(from, to, evidence, thresholds);
}

async function gatherEvidence(
  { cloudWatch: client, migration, thresholds, now }: ModeGateOptions,
  profile: ModeProfile,
  signal: AbortSignal,
): Promise<Evidence | NoEvidence> {
  try {
    const oldest = now() - thresholds.windowMinutes * 60_000;
    const present = await presentMode(profile, oldest, signal);
    if (present === undefined) return { unreadable: "nothing was deployed yet" };
    const reader = { client, migration, now: now() };
    return await readEvidence(reader, present, thresholds, signal);
  } catch (error) {
    return { unreadable: whyNot(error, signal) };
  }
}

function whyNot(error: unknown, signal: AbortSignal): string {
  return signal.aborted ? `not read within ${READ_WITHIN_MS / 1_000} s` : messageOf(error);
}
