import type { CredentialPlaces } from './authentication.ts';
import type { BasicAuthentication } from './basic.ts';
import { fieldName } from './field-shapes.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

/** Reads a {@link BasicAuthentication} whose `credential` is read by this shape. */
export function basicShape(credential: Shape<CredentialPlaces>): Shape<BasicAuthentication> {
  return object({
    kind: shape.oneOf('Basic'),
    name: shape.text,
    credential,
    realm: shape.pattern(/^[ !#-[\]-~]{0,128}$/, 'printable ASCII without quotes and backslashes'),
    users: shape.list(object({ name: shape.shortText(255), hash: shape.secret(shape.text) })),
    userHeader: shape.nullable(fieldName),
  });
}
