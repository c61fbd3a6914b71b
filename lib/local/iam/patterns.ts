/** A pattern of IAM's: `*` stands for any characters, `?` for any one. */
export function wildcard(pattern: string, flags = ""): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  const source = escaped.replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, `s${flags}`);
}

/** Matches an ARN part by part, so that a `*` reaches over no colon but those of the last part. */
export function arnPattern(pattern: string): (arn: string) => boolean {
  if (pattern === "*") return () => true;
  const parts = arnParts(pattern).map((part) => wildcard(part));
  return (arn) => {
    const given = arnParts(arn);
    return given.length === parts.length && parts.every((part, index) => part.test(given[index]!));
  };
}

/** `arn`, partition, service, region, account, and all that comes then. */
function arnParts(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
}
