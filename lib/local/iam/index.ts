import { createHash, randomBytes } from "node:crypto";
import type { Access, Refusal } from "../access.ts";
import { xmlError } from "../query-protocol.ts";
import type { ResourceMaker, ResourceSite, Service } from "../service.ts";
import type { Context } from "./conditions.ts";
import { refusalOf } from "./decision.ts";
import { createPolicyStore, type Grant, type Role } from "./policies.ts";
import type { PolicyStatement, Principal } from "./statement.ts";

export type { Grant } from "./policies.ts";
export type { PolicyStatement } from "./statement.ts";

/** What a process signs its requests with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** A service that does something of its own accord, such as a rule that starts a function. */
export interface ActingService {
  /** Such as `events.amazonaws.com`. */
  readonly service: string;
  /** What of it acts, such as the rule, where the service says so. */
  readonly sourceArn?: string;
}

/** A document in a policy's form. */
export interface PolicyDocument {
  readonly Statement?: PolicyStatement | readonly PolicyStatement[];
}

/** Who may do what. */
export interface IamService extends Service {
  /** Of who runs this cloud, to whom nothing is forbidden. */
  readonly operator: Credentials;
  /**
   * Makes credentials that have a role's permissions.
   *
   * @throws Error for a role that no template makes, or whose trust policy doesn't have the service
   */
  assumeRole(roleArn: string, options: { service: string; sessionName: string }): Credentials;
  /**
   * Why the holder of an access key may not do these things, or `undefined` where it may.
   *
   * @param accesses asked for only where it matters
   */
  authorize(accessKeyId: string, accesses: () => readonly Access[]): Refusal | undefined;
  /**
   * Asks for a service: whether the resource's own policy lets it, or, with a role, whether the role
   * does and trusts the service.
   *
   * @throws Error that says what is missing
   */
  assertServiceMay(actor: ActingService & { readonly roleArn?: string }, access: Access): void;
  /**
   * Adds to the policy of a resource.
   *
   * @throws Error for a statement that the local cloud doesn't understand
   */
  addResourcePolicy(resourceArn: string, document: PolicyDocument, site: ResourceSite): void;
  /** Whether a template gives a resource a policy of its own. */
  hasResourcePolicy(resourceArn: string): boolean;
  /** Everything that the templates allow, and how often it was used: see {@link Grant}. */
  grants(): readonly Grant[];
  /** What a role's policies say, attached ones included; `undefined` for an unknown role. */
  permissionsOf(roleArn: string): readonly PolicyStatement[] | undefined;
}

export interface IamOptions {
  readonly region: string;
  readonly account: string;
  /** Those of who runs this cloud. @default new ones */
  readonly operator?: Credentials;
  /** Says of a grant whether it is left out, each time that it would allow something. @default none is */
  withhold?(grant: Grant): boolean;
}

interface Session {
  readonly arn: string;
  readonly role: Role;
}

export function createIam(options: IamOptions): IamService {
  const { account, region } = options;
  const store = createPolicyStore((grant) => options.withhold?.(grant) === true);
  const sessions = new Map<string, Session>();
  const operator = options.operator ?? newCredentials("AKIA");

  const role: ResourceMaker = (properties, site) => {
    const { name, arn } = store.addRole(properties, site);
    const digest = createHash("sha256").update(arn).digest("hex").toUpperCase();
    const RoleId = `AROA${digest.slice(0, 17)}`;
    return { ref: name, attributes: { Arn: arn, RoleId } };
  };

  const contextOf = (known: Readonly<Record<string, string | undefined>>): Context =>
    new Map(
      Object.entries({
        "aws:RequestedRegion": region,
        // AWS is spoken to over TLS, whatever it is here.
        "aws:SecureTransport": "true",
        ...known,
      }).flatMap(([key, value]) => (value === undefined ? [] : [[key.toLowerCase(), value]])),
    );

  /** @returns the rest of a sentence that begins with who it is */
  const refusal = (
    principal: Principal,
    own: Role | undefined,
    access: Access,
    known: Readonly<Record<string, string | undefined>>,
  ): string | undefined => {
    const why = refusalOf(principal, access, contextOf({ ...known, ...access.context }), {
      identity: own?.rules ?? [],
      resource: store.rulesOf(access.resource) ?? [],
    });
    if (why === undefined) return undefined;
    const { action, resource } = access;
    return `is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  };

  const roleRefusal = (own: Role, access: Access) =>
    refusal({ role: own.arn }, own, access, {
      "aws:PrincipalArn": own.arn,
      "aws:PrincipalAccount": account,
    });

  const trusted = (roleArn: string, service: string): Role => {
    const found = store.role(roleArn);
    if (found === undefined) throw new Error(`no role ${roleArn} in these templates`);
    const access = { action: "sts:AssumeRole", resource: roleArn };
    const trust = { identity: [], resource: found.trust };
    const context = contextOf({ "aws:SourceAccount": account });
    if (refusalOf({ service }, access, context, trust) !== undefined) {
      throw new Error(`${service} can't assume the role ${roleArn}: its trust policy says no`);
    }
    return found;
  };

  return {
    signingName: "iam",
    resources: {
      "AWS::IAM::Role": role,
      "AWS::IAM::Policy": (properties, site) => ({ ref: store.addPolicy(properties, site) }),
      "AWS::IAM::ManagedPolicy"(properties, site) {
        const arn = store.addManagedPolicy(properties, site);
        return { ref: arn, attributes: { PolicyArn: arn } };
      },
    },
    operator,
    assumeRole(roleArn, { service, sessionName }) {
      const found = trusted(roleArn, service);
      const credentials = newCredentials("ASIA");
      const arn = `arn:aws:sts::${account}:assumed-role/${found.name}/${sessionName}`;
      sessions.set(credentials.accessKeyId, { arn, role: found });
      return credentials;
    },
    authorize(accessKeyId, accesses) {
      if (accessKeyId === operator.accessKeyId) return undefined;
      const session = sessions.get(accessKeyId);
      if (session === undefined) {
        const message = "The security token included in the request is invalid.";
        return { type: "UnrecognizedClientException", message };
      }
      for (const access of accesses()) {
        const why = roleRefusal(session.role, access);
        if (why === undefined) continue;
        return { type: "AccessDeniedException", message: `User: ${session.arn} ${why}` };
      }
      return undefined;
    },
    assertServiceMay({ service, sourceArn, roleArn }, access) {
      const why =
        roleArn === undefined
          ? refusal({ service }, undefined, access, {
              "aws:SourceArn": sourceArn,
              "aws:SourceAccount": account,
            })
          : roleRefusal(trusted(roleArn, service), access);
      if (why !== undefined) throw new Error(`${roleArn ?? service} ${why}`);
    },
    addResourcePolicy: (arn, document, site) => store.addToResource(arn, document, site),
    hasResourcePolicy: (arn) => store.rulesOf(arn) !== undefined,
    grants: () => store.grants(),
    permissionsOf: (roleArn) => store.role(roleArn)?.statements,
    accesses: () => [],
    refuse: ({ message }) => xmlError("AccessDenied", message, 403),
    async handle() {
      const message = "the local cloud's IAM comes from templates alone and has no operations";
      return xmlError("InvalidAction", message, 400);
    },
    async close() {},
  };
}

function newCredentials(prefix: "AKIA" | "ASIA"): Credentials {
  return {
    accessKeyId: prefix + randomBytes(8).toString("hex").toUpperCase(),
    secretAccessKey: randomBytes(30).toString("base64url"),
    sessionToken: randomBytes(48).toString("base64url"),
  };
}
