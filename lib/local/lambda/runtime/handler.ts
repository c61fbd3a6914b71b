import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { RuntimeError } from "./errors.ts";
import { isStreaming } from "./streaming.ts";

/** Of an event and a context, with the response's stream between them where it streams. */
export type Handler = (...args: readonly unknown[]) => unknown;

/**
 * Loads what a function's `Handler` names, such as `dist/index.handler`, the way Lambda's own
 * runtime client does: `.js` (a module where the package says so), `.mjs`, `.cjs`.
 */
export async function loadHandler(taskRoot: string, name: string): Promise<Handler> {
  const [, moduleName, exportPath] = /^([^.]+)\.(.+)$/.exec(basename(name)) ?? [];
  if (moduleName === undefined || exportPath === undefined || name.includes("..")) {
    throw new RuntimeError("MalformedHandlerName", `Bad handler '${name}'`);
  }
  const loaded = await loadModule(resolve(taskRoot, dirname(name), moduleName));
  let handler: any = loaded;
  for (const key of exportPath.split(".")) handler = handler?.[key];
  if (typeof handler !== "function") {
    const found = handler === undefined ? "undefined or not exported" : "not a function";
    throw new RuntimeError("HandlerNotFound", `${name} is ${found}`);
  }
  // As on Node 24; Node 22's runtime still calls back.
  if (handler.length >= 3 && !isStreaming(handler)) {
    const message = "callback-based handlers are gone as of nodejs24.x; return a promise";
    throw new RuntimeError("CallbackHandlerDeprecated", message);
  }
  return handler;
}

async function loadModule(path: string): Promise<unknown> {
  const extension = [".js", ".mjs", ".cjs"].find((each) => existsSync(path + each));
  if (extension === undefined) {
    const message = `Error: Cannot find module '${basename(path)}'`;
    throw new RuntimeError("ImportModuleError", message);
  }
  const file = path + extension;
  try {
    if (extension === ".mjs" || (extension === ".js" && isInModulePackage(file))) {
      return await import(pathToFileURL(file).href);
    }
    return createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError("UserCodeSyntaxError", String(error), { cause: error });
    }
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("ImportModuleError", String(error), { cause: error });
    }
    throw error;
  }
}

function isInModulePackage(file: string): boolean {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = join(directory, "package.json");
    if (existsSync(manifest)) {
      return (JSON.parse(readFileSync(manifest, "utf8")) as { type?: string }).type === "module";
    }
    if (directory === dirname(directory)) return false;
  }
}
