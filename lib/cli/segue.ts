#!/usr/bin/env node
import { explainMissingPackage } from "./missing-package.ts";

try {
  const { main } = await import("./main.ts");
  await main(process.argv.slice(2));
} catch (error) {
  const advice = explainMissingPackage(error);
  if (advice === undefined) throw error;
  console.error(`segue: ${advice}`);
  process.exitCode = 1;
}
