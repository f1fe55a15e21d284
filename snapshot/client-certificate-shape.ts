import {
  certificateNameKinds,
  type CertificateHeader,
  type CertificateNameMatch,
  type ClientCertificateAuthentication,
  type Revocation,
} from './client-certificate.ts';
import { fieldName, millis } from './field-shapes.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';

const nameMatch: Shape<CertificateNameMatch> = object({
  of: shape.oneOf('DNS', 'URI', 'Email', 'TrustDomain'),
  match: shape.oneOf('Exact', 'Prefix', 'Suffix'),
  value: shape.text,
});

const serials = shape.list(shape.pattern(/^[0-9a-f]{1,128}$/, 'a serial number in hexadecimal'));

const revocation = variant<Revocation>('kind', {
  Serials: object({ kind: shape.oneOf('Serials'), serials }),
  Lists: object({
    kind: shape.oneOf('Lists'),
    lists: shape.list(object({ issuer: shape.text, serials, nextUpdateMs: millis }), 1),
  }),
});

const certificateHeader: Shape<CertificateHeader> = object({
  header: fieldName,
  format: shape.oneOf('PEM', 'XFCC'),
});

/** Reads a {@link ClientCertificateAuthentication}. */
export const clientCertificateShape: Shape<ClientCertificateAuthentication> = object({
  kind: shape.oneOf('ClientCertificate'),
  name: shape.text,
  subjectFrom: shape.list(shape.oneOf(...certificateNameKinds), 1),
  allow: shape.list(nameMatch),
  revocation: shape.nullable(revocation),
  certificateHeader: shape.nullable(certificateHeader),
});
