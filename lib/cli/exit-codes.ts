/** What a pipeline can tell from how the command ended. */
export const EXIT_CODES = {
  /** Done: what was asked for is so, everywhere. */
  done: 0,
  /** It failed; the message says what to do. */
  failed: 1,
  /** A wrong command, option or argument, or a question that nobody is there to answer. */
  usage: 2,
  /** The gate refused the move. */
  refused: 3,
  /** The move was deployed, and rolled back again. */
  rolledBack: 4,
  /** The question was answered with no; nothing was changed. */
  declined: 5,
  /** Ctrl-C: nobody watches any more. A deployment that was started goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
