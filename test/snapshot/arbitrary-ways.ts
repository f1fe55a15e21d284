// Any way in of an Authentication that is not by JWT.
import fc from 'fast-check';
import { certificateNameKinds, type ClientCertificateAuthentication } from '#snapshot/client-certificate.ts';

const text = fc.string({ unit: 'binary' });
const header = fc.constantFrom('x-user', 'x-client');
const serials = fc.array(fc.stringMatching(/^[0-9a-f]{1,40}$/));

export const clientCertificate: fc.Arbitrary<ClientCertificateAuthentication> = fc.record({
  kind: fc.constant('ClientCertificate'),
  name: text,
  subjectFrom: fc.array(fc.constantFrom(...certificateNameKinds), { minLength: 1 }),
  allow: fc.array(
    fc.record({
      of: fc.constantFrom('DNS', 'URI', 'Email', 'TrustDomain'),
      match: fc.constantFrom('Exact', 'Prefix', 'Suffix'),
      value: text,
    }),
  ),
  revocation: fc.oneof(
    fc.constant(null),
    fc.record({ kind: fc.constant('Serials'), serials }),
    fc.record({
      kind: fc.constant('Lists'),
      lists: fc.array(fc.record({ issuer: text, serials, nextUpdateMs: fc.nat() }), { minLength: 1 }),
    }),
  ),
  certificateHeader: fc.oneof(
    fc.constant(null),
    fc.record({ header, format: fc.constantFrom('PEM', 'XFCC') }),
  ),
});
