import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const { resolve: resolveHere } = createRequire(import.meta.url);

/*
 * Lets the AWS SDK be imported and required by code that has no copy of it, as Lambda's runtime
 * does. A function's own copy comes first, there and here. Nothing else is found this way: a
 * package that a bundle lacks is missing here too.
 *
 * It is imported for that effect alone, before any runtime client.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!/^@(aws-sdk|smithy)\//.test(specifier)) return nextResolve(specifier, context);
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      try {
        if (context.conditions?.includes("import")) {
          return nextResolve(specifier, { ...context, parentURL: import.meta.url });
        }
        // For require, the parent can't be put in another's place.
        const url = pathToFileURL(resolveHere(specifier)).href;
        return { url, shortCircuit: true };
      } catch {
        throw error;
      }
    }
  },
});
