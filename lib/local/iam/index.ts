import { createHash, randomBytes } from "node:crypto";
import type { ResourceMaker, Service } from "../service.ts";
import { createPolicyStore, type RolePermissions } from "./policies.ts";

export type { PolicyStatement, RolePermissions } from "./policies.ts";

/** What a process signs its requests with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Who may do what. Roles and policies are kept, and whose key is whose; nothing is refused yet. */
export interface IamService extends Service {
  /** Makes credentials by which a request's role can be told. */
  credentialsFor(roleArn: string): Credentials;
  /** The ARN of the role that an access key was made for. */
  roleOf(accessKeyId: string): string | undefined;
  /**
   * What a role's policies say: those inline, those attached, and AWS's own by their ARN alone.
   * `undefined` for a role that no template made.
   */
  permissionsOf(roleArn: string): RolePermissions | undefined;
}

export function createIam(): IamService {
  const store = createPolicyStore();
  const roleByKey = new Map<string, string>();

  const role: ResourceMaker = (properties, site) => {
    const { name, arn } = store.addRole(properties, site);
    const digest = createHash("sha256").update(arn).digest("hex").toUpperCase();
    const RoleId = `AROA${digest.slice(0, 17)}`;
    return { ref: name, attributes: { Arn: arn, RoleId } };
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
    credentialsFor(roleArn) {
      const accessKeyId = `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
      roleByKey.set(accessKeyId, roleArn);
      return {
        accessKeyId,
        secretAccessKey: randomBytes(30).toString("base64url"),
        sessionToken: randomBytes(48).toString("base64url"),
      };
    },
    roleOf: (accessKeyId) => roleByKey.get(accessKeyId),
    permissionsOf: (roleArn) => store.permissionsOf(roleArn),
    async handle() {
      // Query protocol, hence XML.
      const message = "the local cloud's IAM comes from templates alone and has no operations";
      return {
        status: 400,
        headers: { "content-type": "text/xml" },
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>${message}</Message></Error></ErrorResponse>`,
      };
    },
    async close() {},
  };
}
