import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import { explainMissingPackage } from "./missing-package.ts";

/** What a person is told on one line, with how the command ends. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT_CODES.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Names of AWS's errors, by what a person is to do about them. */
const NO_CREDENTIALS = ["CredentialsProviderError", "TokenProviderError"];
const WRONG_CREDENTIALS = [
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "InvalidClientTokenId",
  "ExpiredTokenException",
  "ExpiredToken",
];
const DENIED = ["AccessDeniedException", "AccessDenied", "ForbiddenException"];
const UNREACHABLE = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNRESET"];

/** Says on one line what went wrong and what to do about it. */
export function explain(error: unknown): string {
  const { name, message, code } = detailsOf(error);
  if (NO_CREDENTIALS.includes(name)) {
    const profile = process.env["AWS_PROFILE"];
    if (profile) {
      return `no AWS credentials in the profile ${profile}: choose another with --profile, or sign in with "aws sso login --profile ${profile}" (${firstLine(message)})`;
    }
    return `no AWS credentials: set AWS_PROFILE or pass --profile, or sign in with "aws sso login" (${firstLine(message)})`;
  }
  if (WRONG_CREDENTIALS.includes(name)) {
    return `AWS doesn't take these credentials: sign in again, or choose others with --profile (${firstLine(message)})`;
  }
  if (DENIED.includes(name)) {
    const action = /not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message);
    return action === null
      ? `access denied: ${firstLine(message)}`
      : `access denied: these credentials need ${action[1]}${action[2] === undefined ? "" : ` on ${action[2]}`}`;
  }
  if (message.startsWith("Region is missing")) {
    return "no AWS region: set AWS_REGION or pass --region";
  }
  if (UNREACHABLE.includes(code)) {
    const question =
      process.env["AWS_ENDPOINT_URL"] === undefined
        ? "is the region right, and the network up?"
        : "is what AWS_ENDPOINT_URL names up?";
    return `AWS can't be reached (${firstLine(message)}): ${question}`;
  }
  if (name === "ConflictException") {
    return `somebody else has moved this migration meanwhile: look at "segue status", and decide again (${firstLine(message)})`;
  }
  if (name.startsWith("Throttling") || name === "TooManyRequestsException") {
    return "AWS throttles these requests: try again in a minute";
  }
  return explainMissingPackage(error) ?? firstLine(message);
}

/** Why AppConfig's validators refused a document; `undefined` for another error. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "BadRequestException") return undefined;
  const { Reason, Details } = error as {
    Reason?: string;
    Details?: { InvalidConfiguration?: readonly { readonly Reason?: string }[] };
  };
  if (Reason !== "InvalidConfiguration") return undefined;
  const reasons = Details?.InvalidConfiguration?.flatMap(({ Reason: reason }) => reason ?? []);
  return reasons?.join("\n") ?? error.message;
}

function detailsOf(error: unknown): { name: string; message: string; code: string } {
  if (!(error instanceof Error)) return { name: "", message: String(error), code: "" };
  // Node tries each address of a name, and its error has one of them for each.
  const [first] = error instanceof AggregateError ? error.errors : [];
  const { code } = error as { code?: unknown };
  const message = error.message || (first instanceof Error ? first.message : "");
  return {
    name: error.name,
    message: message || error.name,
    code: typeof code === "string" ? code : "",
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.trim();
}
