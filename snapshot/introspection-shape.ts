import type { ClaimToHeader, CredentialPlaces } from './authentication.ts';
import { calledServiceShape } from './called-service.ts';
import { millis } from './field-shapes.ts';
import type { IntrospectionAuthentication, IntrospectionClient } from './introspection.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

const client: Shape<IntrospectionClient> = object({
  id: shape.text,
  secret: shape.secret(shape.text),
  method: shape.oneOf('Basic', 'Post'),
});

/** Reads an {@link IntrospectionAuthentication} whose parts that others have too are read by these shapes. */
export function introspectionShape(
  credential: Shape<CredentialPlaces>,
  claimsToHeaders: Shape<readonly ClaimToHeader[]>,
): Shape<IntrospectionAuthentication> {
  return object({
    kind: shape.oneOf('Introspection'),
    name: shape.text,
    credential,
    endpoint: calledServiceShape,
    client: shape.nullable(client),
    issuer: shape.text,
    audiences: shape.list(shape.text),
    cacheMs: millis,
    staleMs: millis,
    claimsToHeaders,
  });
}
