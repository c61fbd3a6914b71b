import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceSite } from "../service.ts";
import { awsManagedPolicies } from "./managed-policies.ts";
import { readStatement, statementsOf, type PolicyStatement, type Rule } from "./statement.ts";

/** One action on one resource that a template allows: the least that can be taken away from it. */
export interface Grant {
  readonly stackName: string;
  /** Of the policy, the role or the permission that has it. */
  readonly logicalId: string;
  /** Whose policy it is: the ARN of a role, or of a resource such as a function. */
  readonly of: string;
  /** In IAM's words, with one action and one resource. */
  readonly statement: PolicyStatement;
  /** How many accesses it has allowed. */
  readonly uses: number;
}

/** A rule, and the grant that it is, if a template gives it and it allows something. */
export interface CountedRule extends Rule {
  readonly grant?: { -readonly [key in keyof Grant]: Grant[key] };
}

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly rules: CountedRule[];
  /** What the role's policies say, those attached included. */
  readonly statements: PolicyStatement[];
  /** Who may take the role on. */
  readonly trust: readonly Rule[];
}

type Properties = Readonly<Record<string, any>>;

export interface PolicyStore {
  addRole(properties: Properties, site: ResourceSite): Role;
  /** @returns the policy's id, which is its `Ref` */
  addPolicy(properties: Properties, site: ResourceSite): string;
  /** @returns the policy's ARN */
  addManagedPolicy(properties: Properties, site: ResourceSite): string;
  /** Adds to a resource's own policy. */
  addToResource(arn: string, document: Properties, site: ResourceSite): void;
  role(arn: string): Role | undefined;
  /** A resource's own policy. */
  rulesOf(resourceArn: string): readonly CountedRule[] | undefined;
  grants(): readonly Grant[];
}

/**
 * Keeps roles and policies as templates give them.
 *
 * @param withhold says of a grant whether it is left out, to see who misses it: asked each time that
 *   the grant would allow something
 */
export function createPolicyStore(withhold: (grant: Grant) => boolean = () => false): PolicyStore {
  const roles = new Map<string, Role>();
  const resourceRules = new Map<string, CountedRule[]>();
  const managed = new Map<string, { document: Properties; site: ResourceSite }>();
  const grants: Grant[] = [];

  const read = (document: Properties, of: string, { stackName, logicalId }: ResourceSite) =>
    statementsOf(document).flatMap((statement): [PolicyStatement, CountedRule][] => {
      const rule = readStatement(statement);
      if (rule.effect === "Deny") return [[statement, rule]];
      const grant = { stackName, logicalId, of, statement, uses: 0 };
      grants.push(grant);
      const covers: Rule["covers"] = (...access) => rule.covers(...access) && !withhold(grant);
      return [[statement, { ...rule, covers, grant }]];
    });
  const addToRole = (role: Role, document: Properties, site: ResourceSite) => {
    for (const [statement, rule] of read(document, role.arn, site)) {
      role.statements.push(statement);
      role.rules.push(rule);
    }
  };
  const attach = (role: Role, policyArn: string) => {
    const ofTemplate = managed.get(policyArn);
    if (ofTemplate !== undefined) return addToRole(role, ofTemplate.document, ofTemplate.site);
    const ofAws = awsManagedPolicies.get(policyArn);
    if (ofAws === undefined) {
      const known = [...awsManagedPolicies.keys()].join(", ");
      throw new Error(
        `ManagedPolicyArns: got ${policyArn}, allowed are the templates' own and ${known}`,
      );
    }
    role.statements.push(...ofAws);
    role.rules.push(...ofAws.map(readStatement));
  };
  const rolesNamed = (names: readonly string[] = []) =>
    names.map((name) => {
      const role = [...roles.values()].find((each) => each.name === name);
      if (role === undefined) throw new Error(`Roles: no role ${name} in these templates`);
      return role;
    });

  return {
    addRole(properties, site) {
      checkProperties("AWS::IAM::Role", properties, [
        "RoleName",
        "Path",
        "Policies",
        "ManagedPolicyArns",
        "AssumeRolePolicyDocument",
        // Without local meaning.
        "Description",
        "MaxSessionDuration",
        "Tags",
      ]);
      const name: string = properties["RoleName"] ?? generatedName(site, 64);
      const arn = arnOf("role", properties["Path"], name, site);
      const trust = statementsOf(properties["AssumeRolePolicyDocument"]).map((statement) =>
        // Whom it is for is the role itself, which its statements don't name.
        readStatement({ ...statement, Resource: arn }),
      );
      const role: Role = { name, arn, rules: [], statements: [], trust };
      for (const { PolicyDocument } of (properties["Policies"] ?? []) as readonly Properties[]) {
        addToRole(role, PolicyDocument, site);
      }
      for (const policyArn of properties["ManagedPolicyArns"] ?? []) attach(role, policyArn);
      roles.set(arn, role);
      return role;
    },
    addPolicy(properties, site) {
      const known = ["PolicyName", "PolicyDocument", "Roles"];
      checkProperties("AWS::IAM::Policy", properties, known);
      for (const role of rolesNamed(properties["Roles"])) {
        addToRole(role, properties["PolicyDocument"], site);
      }
      return generatedName(site);
    },
    addManagedPolicy(properties, site) {
      const known = ["ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Description", "Tags"];
      checkProperties("AWS::IAM::ManagedPolicy", properties, known);
      const name: string = properties["ManagedPolicyName"] ?? generatedName(site, 128);
      const arn = arnOf("policy", properties["Path"], name, site);
      managed.set(arn, { document: properties["PolicyDocument"], site });
      for (const role of rolesNamed(properties["Roles"])) attach(role, arn);
      return arn;
    },
    addToResource(arn, document, site) {
      const rules = read(document, arn, site).map(([, rule]) => rule);
      resourceRules.set(arn, [...(resourceRules.get(arn) ?? []), ...rules]);
    },
    role: (arn) => roles.get(arn),
    rulesOf: (resourceArn) => resourceRules.get(resourceArn),
    grants: () => grants.filter((grant) => !withhold(grant)),
  };
}

function arnOf(kind: string, path: string | undefined, name: string, site: ResourceSite): string {
  return `arn:aws:iam::${site.account}:${kind}${path ?? "/"}${name}`;
}
