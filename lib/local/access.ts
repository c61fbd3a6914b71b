/** One thing that a request does to one resource, in IAM's words. */
export interface Access {
  /** Such as `dynamodb:PutItem`. */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resources. */
  readonly resource: string;
  /** What conditions may ask for, beside what is known of every request: by condition key. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Why a request isn't let through. */
export interface Refusal {
  readonly type: "AccessDeniedException" | "UnrecognizedClientException";
  readonly message: string;
}
