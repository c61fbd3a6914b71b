/** A short text for what was thrown or returned. Never throws, whatever the value does. */
export function describe(value: unknown): string {
  try {
    if (typeof value === "string") return JSON.stringify(value.slice(0, 200));
    if (typeof value === "function") return "a function";
    if (typeof value !== "object" || value === null) return String(value);
    const { name, message } = value as { name?: unknown; message?: unknown };
    if (typeof message !== "string") return Array.isArray(value) ? "an array" : "an object";
    const prefix = typeof name === "string" ? `${name}: ` : "";
    return `${prefix}${message}`.slice(0, 500);
  } catch {
    return "something that can't be read";
  }
}
