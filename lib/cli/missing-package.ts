/** What the command needs. They are optional peers, so that nothing of them comes near a function. */
export const COMMAND_PACKAGES = [
  "commander",
  "@clack/prompts",
  "cli-table3",
  "d3-scale",
  "d3-shape",
  "get-tsconfig",
  "log-update",
  "picocolors",
  "@aws-sdk/client-appconfig",
  "@aws-sdk/client-cloudwatch",
  "@aws-sdk/client-lambda",
];

/** What `segue local` needs besides. */
export const LOCAL_PACKAGES = ["dynalite", "classic-level", "ajv", "ajv-draft-04", "croner"];

/** Says which package is missing and what to install, if that is what is wrong. */
export function explainMissingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) {
    return undefined;
  }
  const name = /Cannot find package '([^']+)'/.exec(error.message)?.[1] ?? "";
  const [who, packages] = LOCAL_PACKAGES.includes(name)
    ? ["segue local", LOCAL_PACKAGES]
    : ["the command", COMMAND_PACKAGES];
  if (!packages.includes(name)) return undefined;
  return `${who} needs ${name}: npm install --save-dev ${packages.join(" ")}`;
}
