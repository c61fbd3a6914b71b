import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceSite } from "../service.ts";

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface RolePermissions {
  readonly statements: readonly PolicyStatement[];
  /** Attached policies that no template made, such as `AWSLambdaBasicExecutionRole`. */
  readonly managedPolicyArns: readonly string[];
}

interface Role {
  readonly statements: PolicyStatement[];
  readonly managedPolicyArns: Set<string>;
}

type Properties = Readonly<Record<string, any>>;

export interface PolicyStore {
  addRole(properties: Properties, site: ResourceSite): { name: string; arn: string };
  /** @returns the policy's id, which is its `Ref` */
  addPolicy(properties: Properties, site: ResourceSite): string;
  /** @returns the policy's ARN */
  addManagedPolicy(properties: Properties, site: ResourceSite): string;
  permissionsOf(roleArn: string): RolePermissions | undefined;
}

/** Keeps roles and policies as templates give them. */
export function createPolicyStore(): PolicyStore {
  const roles = new Map<string, Role>();
  const roleArnByName = new Map<string, string>();
  const managedPolicies = new Map<string, readonly PolicyStatement[]>();

  const rolesNamed = (names: readonly string[] = []) =>
    names.map((name) => {
      const role = roles.get(roleArnByName.get(name) ?? "");
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
        // Who may assume it isn't asked: Lambda does, and nobody else is there.
        "AssumeRolePolicyDocument",
        "Description",
        "MaxSessionDuration",
        "Tags",
      ]);
      const name: string = properties["RoleName"] ?? generatedName(site, 64);
      const arn = arnOf("role", properties["Path"], name, site);
      const inline = (properties["Policies"] ?? []) as readonly Properties[];
      roles.set(arn, {
        statements: inline.flatMap((policy) => statementsOf(policy["PolicyDocument"])),
        managedPolicyArns: new Set(properties["ManagedPolicyArns"]),
      });
      roleArnByName.set(name, arn);
      return { name, arn };
    },
    addPolicy(properties, site) {
      const known = ["PolicyName", "PolicyDocument", "Roles"];
      checkProperties("AWS::IAM::Policy", properties, known);
      for (const role of rolesNamed(properties["Roles"])) {
        role.statements.push(...statementsOf(properties["PolicyDocument"]));
      }
      return generatedName(site);
    },
    addManagedPolicy(properties, site) {
      const known = ["ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Description", "Tags"];
      checkProperties("AWS::IAM::ManagedPolicy", properties, known);
      const name: string = properties["ManagedPolicyName"] ?? generatedName(site, 128);
      const arn = arnOf("policy", properties["Path"], name, site);
      managedPolicies.set(arn, statementsOf(properties["PolicyDocument"]));
      for (const role of rolesNamed(properties["Roles"])) role.managedPolicyArns.add(arn);
      return arn;
    },
    permissionsOf(roleArn) {
      const role = roles.get(roleArn);
      if (role === undefined) return undefined;
      const attached = [...role.managedPolicyArns];
      return {
        statements: [
          ...role.statements,
          ...attached.flatMap((arn) => managedPolicies.get(arn) ?? []),
        ],
        managedPolicyArns: attached.filter((arn) => !managedPolicies.has(arn)),
      };
    },
  };
}

function arnOf(kind: string, path: string | undefined, name: string, site: ResourceSite): string {
  return `arn:aws:iam::${site.account}:${kind}${path ?? "/"}${name}`;
}

function statementsOf(document: Properties | undefined): readonly PolicyStatement[] {
  return [(document?.["Statement"] ?? []) as PolicyStatement | PolicyStatement[]].flat();
}
