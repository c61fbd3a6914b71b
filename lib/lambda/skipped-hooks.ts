/** How often a request is looked at, in milliseconds: nothing but the hold's length depends on it. */
const LOOK_MS = 20;

/** What Middy keeps of a request. */
interface Request {
  readonly earlyResponse?: unknown;
  readonly error?: unknown;
}

/**
 * Finds out that Middy won't run this middleware's later hooks any more, since another one has answered
 * early or thrown: it tells nobody, but its request shows it.
 *
 * @param then is called at most once, some milliseconds later. It may be that the hooks run after all.
 * @returns what ends the looking; to be called when they do.
 */
export function whenHooksAreSkipped(request: Request, then: () => void): () => void {
  const looking = setInterval(() => {
    if ("earlyResponse" in request || request.error !== undefined) {
      clearInterval(looking);
      then();
    }
  }, LOOK_MS);
  looking.unref();
  return () => clearInterval(looking);
}
