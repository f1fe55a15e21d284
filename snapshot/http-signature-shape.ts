import type { CredentialPlaces } from './authentication.ts';
import { count, fieldName, millis } from './field-shapes.ts';
import type { HttpSignatureAuthentication } from './http-signature.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

/** Reads a {@link HttpSignatureAuthentication} whose places are read by this shape. */
export function httpSignatureShape(credential: Shape<CredentialPlaces>): Shape<HttpSignatureAuthentication> {
  return object({
    kind: shape.oneOf('HTTPSignature'),
    name: shape.text,
    credential,
    keySet: shape.idOf('KeySet'),
    components: shape.list(shape.text),
    tag: shape.text,
    maxAgeMs: millis,
    clockSkewMs: millis,
    nonce: shape.oneOf('Optional', 'Required'),
    contentBytesMax: count,
    keyIdHeader: shape.nullable(fieldName),
  });
}
