/**
 * Whether an object is a call of an intrinsic: one key, `Ref` or `Fn::…`. `Condition` isn't one
 * here, as it is an ordinary key in a policy's statement; conditions.ts reads it where it is.
 */
export function isIntrinsic(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === "Ref" || keys[0]!.startsWith("Fn::"));
}

type Substitution =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "name"; readonly name: string };

/** The parts of an `Fn::Sub` string: its text, in which `${!literal}` is undone, and its names. */
export function substitutions(template: string): Substitution[] {
  // With a capturing group, every second part is what stood between `${` and `}`.
  return template.split(/\$\{([^}]*)\}/).map((part, index) => {
    if (index % 2 === 0) return { kind: "text", text: part };
    if (part.startsWith("!")) return { kind: "text", text: `\${${part.slice(1)}}` };
    return { kind: "name", name: part.trim() };
  });
}
