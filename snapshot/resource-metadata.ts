/** What clients of a guarded API are told of tokens for it (RFC 9728, OAuth 2.0 Protected Resource Metadata). */
export interface ResourceMetadata {
  /** An https URL without query and without a slash at its end; `''`: the host that was asked for, as a whole. */
  readonly resource: string;
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
}

/** The path of the document (RFC 9728 section 3.1). */
export function metadataPath({ resource }: ResourceMetadata): string {
  return `/.well-known/oauth-protected-resource${resource.replace(/^https:\/\/[^/]*/, '')}`;
}

/** The URL of the document, where `origin` (`https://host:port`) was asked. */
export function metadataUrl(metadata: ResourceMetadata, origin: string): string {
  const told = /^https:\/\/[^/]*/.exec(metadata.resource)?.[0] ?? origin;
  return `${told}${metadataPath(metadata)}`;
}
