import { createLogUpdate } from "log-update";
import { followDeployment, type DeploymentProgress } from "../rollout/follow.ts";
import { readMeasures } from "../rollout/measures.ts";
import { readAlarms } from "../rollout/status.ts";
import type { ModeDocument } from "../mode/mode-document.ts";
import { share } from "../text/figures.ts";
import type { Operator } from "./operator.ts";
import { alarmsText, deploymentText } from "./status-text.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two looks at a deployment. */
const LOOK_EVERY_MS = 2_000;

/** Milliseconds of which the mismatch rate is told. */
const RECENT_MS = 5 * 60_000;

/**
 * Follows a deployment to its end, with the mismatch rate of the last minutes and the alarms: as a view
 * on a terminal, else as a line at each change.
 *
 * @returns how it ended; `undefined` where watching was interrupted, and the deployment goes on.
 */
export async function follow(
  operator: Operator,
  deployment: { readonly number: number; readonly to: ModeDocument | undefined },
  options: { readonly terminal: Terminal; readonly signal: AbortSignal; readonly quiet: boolean },
): Promise<DeploymentProgress | undefined> {
  const { terminal, signal, quiet } = options;
  const { colors } = terminal;
  const view = terminal.isInteractive ? createLogUpdate(process.stdout) : undefined;
  let lastLine = "";

  async function show(progress: DeploymentProgress): Promise<void> {
    if (quiet) return;
    const line = deploymentText({ ...progress, to: deployment.to }, colors);
    if (view === undefined) {
      if (line !== lastLine) terminal.print(line);
      lastLine = line;
      return;
    }
    view(`${line}\n${await recentText(operator, terminal)}`);
  }

  try {
    return await followDeployment(operator.target, deployment.number, {
      intervalMs: LOOK_EVERY_MS,
      signal,
      onProgress: show,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    return undefined;
  } finally {
    view?.done();
  }
}

/** The mismatch rate and the alarms; what can't be read is no reason to stop watching. */
async function recentText(operator: Operator, { colors }: Terminal): Promise<string> {
  const now = operator.now();
  try {
    const [{ mismatchRate, comparisons }, alarms] = await Promise.all([
      readMeasures(operator.cloudWatch, {
        migration: operator.parts.migration,
        now,
        since: now - RECENT_MS,
      }),
      readAlarms(operator),
    ]);
    return [
      `mismatch rate of the last 5 min: ${share(mismatchRate?.value)} of ${comparisons} comparisons`,
      `alarms: ${alarmsText(alarms, now, colors)}`,
    ].join("\n");
  } catch {
    return colors.dim("mismatch rate and alarms can't be read");
  }
}
