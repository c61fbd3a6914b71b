import { main } from "../lib/demo/main.ts";

process.exitCode = await main(process.argv.slice(2));
