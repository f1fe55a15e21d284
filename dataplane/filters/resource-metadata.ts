import type { Answered, Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { ResourceMetadata } from '#snapshot/resource-metadata.ts';

/** Answers with the document of RFC 9728 section 3.2, which everybody may read. */
export function tellingMetadata({ resource, authorizationServers, scopes }: ResourceMetadata) {
  return {
    kind: 'ResourceMetadata',
    apply({ request, client }: Exchange): Answered {
      const fields = new Fields();
      fields.append('content-type', 'application/json', 'Content-Type');
      const origin = `${client.secure ? 'https' : 'http'}://${request.authority}`;
      const document = {
        resource: resource === '' ? origin : resource,
        ...(authorizationServers.length === 0 ? {} : { authorization_servers: authorizationServers }),
        ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
      };
      return { kind: 'Answered', status: 200, fields, body: Buffer.from(`${JSON.stringify(document)}\n`) };
    },
  } as const;
}
