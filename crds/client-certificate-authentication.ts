// Whose certificate lets a client in. That one is asked for at all, and by whom it must be signed, is said by the
// Gateway (spec.tls.frontend).
import * as z from 'zod';
import { atomicList, oneOf, withRules, type Frozen } from './grammar.ts';
import { identityHeader } from './identity-header.ts';
import { configMapKeyReference } from './references.ts';

const nameKinds = ['SpiffeID', 'URI', 'DNS', 'Email', 'CommonName'] as const;

const value = z.string().min(1).max(2048);

const exactOrSuffix = {
  match: z
    .enum(['Exact', 'Suffix'])
    .default('Exact')
    .describe('Whether value is the whole name (Exact) or what it ends with (Suffix).'),
};

const dns = withRules(
  z.object({
    ...exactOrSuffix,
    value: value.describe(
      "The name, such as api.example.com; a suffix begins with '.'. Upper and lower case are one.",
    ),
  }),
  [
    {
      cel: "self.match != 'Suffix' || self.value.startsWith('.')",
      message: "a suffix begins with '.', such as .example.com: else it would fit other domains too",
      holds: (one) => one.match !== 'Suffix' || one.value.startsWith('.'),
    },
  ],
).describe('A DNS name among the subject alternative names.');

const email = withRules(
  z.object({
    ...exactOrSuffix,
    value: value.describe(
      "The address, such as ada@example.com; a suffix begins with '@'. Upper and lower case are one.",
    ),
  }),
  [
    {
      cel: "self.match != 'Suffix' || self.value.startsWith('@')",
      message: "a suffix begins with '@', such as @example.com: else it would fit other domains too",
      holds: (one) => one.match !== 'Suffix' || one.value.startsWith('@'),
    },
  ],
).describe('An e-mail address among the subject alternative names.');

const uri = withRules(
  z.object({
    match: z
      .enum(['Exact', 'Prefix'])
      .default('Exact')
      .describe('Whether value is the whole URI (Exact) or what it begins with (Prefix).'),
    value: value.describe(
      "The URI, such as spiffe://example.org/ns/shop/sa/cart; a prefix ends with '/' or ':'. Case matters.",
    ),
  }),
  [
    {
      cel: "self.match != 'Prefix' || self.value.endsWith('/') || self.value.endsWith(':')",
      message:
        "a prefix ends with '/' or ':', such as spiffe://example.org/ns/shop/: else it would fit others too",
      holds: (one) => one.match !== 'Prefix' || /[/:]$/.test(one.value),
    },
  ],
).describe('A URI among the subject alternative names.');

const trustDomain = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-z0-9._-]+$/, 'must be a SPIFFE trust domain, such as example.org')
  .describe(
    'Trust domain of the SPIFFE id, which must be the one URI of the certificate, such as example.org.',
  );

const allow = atomicList(
  oneOf({
    type: 'Which of the names must fit: DNS, URI, Email, or TrustDomain (that of a SPIFFE id).',
    variants: { DNS: { dns }, URI: { uri }, Email: { email }, TrustDomain: { trustDomain } },
    common: {},
  }),
)
  .max(64)
  .default([])
  .describe(
    'Whose certificates are let in: one of these must fit one of its subject alternative names. Empty: everybody whose certificate the listener has verified.',
  );

const revocation = oneOf({
  type: 'Where the list is: ConfigMap.',
  variants: {
    ConfigMap: {
      configMapRef: configMapKeyReference(
        'certificate revocation lists (RFC 5280; PEM, one or more, or DER in binaryData), or serial numbers in hexadecimal, one a line, with comments after #',
      ),
    },
  },
  common: {},
}).describe(
  'Certificates that are taken back. A list that cannot be read, that is not signed by the authority of this name in spec.tls.frontend of the Gateway, or that names nothing without saying so by the line none, closes what the policy holds for; from the nextUpdate of an issuer on, and where an issuer has no list, its certificates are answered with 503.',
);

const certificateToHeader = z
  .object({
    header: identityHeader.describe('The request header, such as x-forwarded-client-cert.'),
    format: z
      .enum(['PEM', 'XFCC'])
      .default('PEM')
      .describe(
        "How the certificate is told: PEM, percent-encoded; or XFCC, the fields Hash, Subject, URI and DNS of Envoy's x-forwarded-client-cert.",
      ),
  })
  .describe(
    'A request header that tells the certificate to the backend. Left out: it is not told. What the client sent under this name is removed first.',
  );

/** The schema of a way in by the certificate of a client. */
export const clientCertificateSchema = z
  .object({
    subjectFrom: atomicList(z.enum(nameKinds))
      .min(1)
      .max(5)
      .default([...nameKinds])
      .describe(
        'Which name of the certificate is the subject: of the first of these kinds of which it has one. SpiffeID: its one URI, where that is a SPIFFE id.',
      ),
    allow,
    revocation: revocation.exactOptional(),
    certificateToHeader: certificateToHeader.exactOptional(),
  })
  .describe(
    "A certificate that the client has shown in the TLS handshake, and that the listener has verified by the Gateway's spec.tls.frontend. Headers that tell of one are never believed.",
  );

/** Whose certificate lets a client in, and what of it the backend is told. */
export type ClientCertificateAuthentication = Frozen<z.infer<typeof clientCertificateSchema>>;
