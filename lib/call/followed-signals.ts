/**
 * Signals for the secondary that follow the caller's own until the primary has settled. What the caller
 * aborts later, as a `finally` does, was never meant for the answer that it has.
 */
export class FollowedSignals {
  readonly #followed: { readonly signal: AbortSignal; readonly follow: () => void }[] = [];

  /** A signal that aborts when the caller's does, for as long as it is followed. */
  follow(signal: AbortSignal): AbortSignal {
    const controller = new AbortController();
    const follow = () => controller.abort(signal.reason);
    if (signal.aborted) follow();
    else {
      signal.addEventListener("abort", follow, { once: true });
      this.#followed.push({ signal, follow });
    }
    return controller.signal;
  }

  /** Follows no more. */
  release(): void {
    for (const { signal, follow } of this.#followed) signal.removeEventListener("abort", follow);
    this.#followed.length = 0;
  }
}
