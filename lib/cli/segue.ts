#!/usr/bin/env node
/** The package that is not installed, if that is what is wrong. */
const missing = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND"
    ? /Cannot find package '([^']+)'/.exec(error.message)?.[1]
    : undefined;

try {
  const { main } = await import("./main.ts");
  await main(process.argv.slice(2));
} catch (error) {
  const name = missing(error);
  if (name === undefined) throw error;
  // They are optional peers, so that nothing of them comes near a function.
  console.error(
    `segue: the command needs ${name}: npm install --save-dev ` +
      "commander @clack/prompts cli-table3 d3-scale d3-shape log-update picocolors " +
      "@aws-sdk/client-appconfig @aws-sdk/client-cloudwatch @aws-sdk/client-lambda",
  );
  process.exitCode = 1;
}
