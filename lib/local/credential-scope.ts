/** Who signed a request, and for what: the credential scope of its `Authorization` header. */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  /** The service's signing name. */
  readonly service: string;
}

/**
 * Reads `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/dynamodb/aws4_request, …`. The
 * signature itself isn't verified: everybody on this machine may know every secret of this cloud.
 */
export function credentialScope(authorization: string | undefined): CredentialScope | undefined {
  const match = /Credential=([^/,\s]+)\/\d+\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/.exec(
    authorization ?? "",
  );
  if (match === null) return undefined;
  const [, accessKeyId, region, service] = match as unknown as [string, string, string, string];
  return { accessKeyId, region, service };
}

/** The header of a request that is sent within the cloud, with no signature that anybody reads. */
export function authorizationOf({ accessKeyId, region, service }: CredentialScope): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${region}/${service}/aws4_request`;
}
