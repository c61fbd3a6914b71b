/**
 * Runs something when the caller of a read has had its answer first, since a version may keep the thread
 * before it gives a promise. Lambda's runtime sends a response one turn after the handler has ended, so it
 * is two turns.
 */
export function afterCallersTurn(run: () => void): void {
  setImmediate(() => setImmediate(run));
}
