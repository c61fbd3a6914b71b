import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Access, Refusal } from "./access.ts";

/** What the gateway hands to a service: one AWS request, its body read and decompressed. */
export interface ServiceRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** What is sent in the body's stead, as it comes. */
  readonly stream?: Readable;
}

/** What a template's resource became. */
export interface CreatedResource {
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, by attribute name. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Where a resource stands in its template, for names and error messages. */
export interface ResourceSite {
  readonly stackName: string;
  readonly logicalId: string;
  /** The stack's ids: region, account and partition. */
  readonly region: string;
  readonly account: string;
}

/** Makes one resource from its properties, in which every intrinsic is resolved. */
export type ResourceMaker = (
  properties: Readonly<Record<string, any>>,
  site: ResourceSite,
) => Promise<CreatedResource> | CreatedResource;

/** A resource as the cloud before this one has left it. */
export interface KeptResource {
  readonly type: string;
  /** What the template said of it, every intrinsic resolved. */
  readonly properties: Readonly<Record<string, any>>;
  readonly created: CreatedResource;
}

/** A type whose resources outlive a cloud that has a folder for its state. */
export interface KeptKind {
  /**
   * Makes of a resource what the template says by now: changes it, or makes another in its place.
   *
   * @default the type's maker is asked each time, and takes up what is there
   * @throws Error for a change that can't be made
   */
  update?(
    kept: KeptResource,
    properties: Readonly<Record<string, any>>,
    site: ResourceSite,
  ): Promise<CreatedResource> | CreatedResource;
  /**
   * Removes one that no template has any longer.
   *
   * @returns what of it can't be taken back, for when the start can't fail any more
   * @throws Error where something else needs it
   */
  remove(kept: KeptResource): (() => Promise<void>) | void;
}

/** One AWS service of the local cloud. */
export interface Service {
  /** The service's name in a request's credential scope, such as `dynamodb` or `monitoring`. */
  readonly signingName: string;
  /** The resource types it stands up, such as `AWS::DynamoDB::Table`. */
  readonly resources: Readonly<Record<string, ResourceMaker>>;
  /** Those of them that are kept; the others are made anew from the template, under the same ids. */
  readonly keptKinds?: Readonly<Record<string, KeptKind>>;
  /**
   * What a request does, all of which its caller must be allowed to do. Nothing, for a request that
   * `handle` refuses whoever sends it.
   */
  accesses(request: ServiceRequest): readonly Access[];
  /** The answer, in the service's own protocol, to a request that isn't let through. */
  refuse(refusal: Refusal): ServiceResponse;
  /** Answers one request. What it throws becomes a 500 in the gateway, so it throws for bugs only. */
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  close(): Promise<void>;
}
