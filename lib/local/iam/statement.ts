import type { Access } from "../access.ts";
import { checkProperties } from "../properties.ts";
import { readConditions, type Context } from "./conditions.ts";
import { arnPattern, wildcard } from "./patterns.ts";

type OneOrMore = string | readonly string[];

/** A statement as a policy has it. */
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  /** Of a resource's policy, and of a role's trust policy. */
  readonly Principal?: "*" | Readonly<Record<string, OneOrMore>>;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Who asks: a role of the templates, or a service such as `events.amazonaws.com`. */
export type Principal = { readonly role: string } | { readonly service: string };

/** A statement, read. */
export interface Rule {
  readonly effect: "Allow" | "Deny";
  covers(principal: Principal, access: Access, context: Context): boolean;
}

/**
 * The statements of a policy document, each that allows several things as several statements of one
 * action and one resource each.
 */
export function statementsOf(document: { Statement?: unknown } | undefined): PolicyStatement[] {
  const statements = [document?.Statement ?? []].flat() as PolicyStatement[];
  return statements.flatMap((statement) => {
    if (statement.Effect !== "Allow") return [statement];
    const { Action, Resource } = statement;
    return each(Action).flatMap((action) =>
      each(Resource).map((resource) => ({
        ...statement,
        ...(action !== undefined && { Action: action }),
        ...(resource !== undefined && { Resource: resource }),
      })),
    );
  });
}

const each = (value: OneOrMore | undefined): (string | undefined)[] =>
  value === undefined ? [undefined] : [value].flat();

/** @throws Error for what is no statement, or none that the local cloud understands */
export function readStatement(statement: PolicyStatement): Rule {
  checkProperties("Statement", { ...statement }, [
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
  ]);
  const { Effect, Principal, Action, NotAction, Resource, NotResource } = statement;
  if (Effect !== "Allow" && Effect !== "Deny") {
    throw new Error(`Effect: got ${String(Effect)}, allowed is Allow or Deny`);
  }
  const actionIn = oneOf("Action", Action, NotAction, (pattern) => {
    // Actions are the one thing in a policy whose case doesn't matter.
    const regExp = wildcard(pattern, "i");
    return (action) => regExp.test(action);
  });
  const resourceIn = oneOf("Resource", Resource, NotResource, resourcePattern);
  const isPrincipal = readPrincipal(Principal);
  const holds = readConditions(statement.Condition);
  return {
    effect: Effect,
    covers: (principal, { action, resource }, context) =>
      isPrincipal(principal) && actionIn(action) && resourceIn(resource) && holds(context),
  };
}

function oneOf(
  name: string,
  given: OneOrMore | undefined,
  except: OneOrMore | undefined,
  matcher: (pattern: string) => (value: string) => boolean,
): (value: string) => boolean {
  if ((given === undefined) === (except === undefined)) {
    throw new Error(`${name}: a statement has either ${name} or Not${name}`);
  }
  const matchers = [given ?? except!].flat().map(matcher);
  const among = (value: string) => matchers.some((matches) => matches(value));
  return except === undefined ? among : (value) => !among(value);
}

function resourcePattern(pattern: string): (resource: string) => boolean {
  if (pattern.includes("${")) {
    throw new Error(`Resource: policy variables are not supported: ${pattern}`);
  }
  if (pattern !== "*" && !/^arn:(?:[^:]*:){4}/.test(pattern)) {
    throw new Error(`Resource: got ${pattern}, allowed is * or an ARN`);
  }
  return arnPattern(pattern);
}

/** Without one the policy is a role's own, and stands for whoever has the role. */
function readPrincipal(principal: PolicyStatement["Principal"]): (who: Principal) => boolean {
  if (principal === undefined || principal === "*") return () => true;
  checkProperties("Principal", principal, ["AWS", "Service"]);
  const roles = each(principal["AWS"]);
  const services = each(principal["Service"]);
  // An account as such means that its roles' own policies decide, which they do anyway.
  return (who) =>
    "role" in who
      ? roles.includes("*") || roles.includes(who.role)
      : roles.includes("*") || services.includes(who.service);
}
