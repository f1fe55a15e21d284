// Authorities that sign certificates of clients, made anew in each run.
import '#controller/authority/metadata.ts';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its key, PEM. */
export interface GivenClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface AlternativeName {
  readonly type: 'dns' | 'ip' | 'url' | 'email';
  readonly value: string;
}

export interface GivenAuthority {
  /** What those who believe it hold, PEM. */
  readonly pem: string;
  /** A certificate of `CN=name` and these alternative names, good for an hour or, if `hasEnded`, not any more. */
  issue(
    name: string,
    choices?: { readonly names?: readonly AlternativeName[]; readonly hasEnded?: true },
  ): Promise<GivenClientCertificate>;
  /** A revocation list of these serial numbers, PEM, good for an hour or, if `hasEnded`, not any more. */
  revoke(serials: readonly string[], choices?: { readonly hasEnded?: true }): Promise<string>;
}

const algorithms = {
  EC: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
  Ed25519: { name: 'Ed25519' },
} as const;
const hourMs = 3_600_000;
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** A new authority. */
export async function givenAuthority(
  name: string,
  choices: { readonly keys?: keyof typeof algorithms } = {},
): Promise<GivenAuthority> {
  const signingAlgorithm = algorithms[choices.keys ?? 'EC'];
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new TypeError(`${signingAlgorithm.name} has no pairs of keys`);
  const authority = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...commonFields(name, Date.now() + hourMs),
      signingAlgorithm,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  return {
    pem: authority.toString('pem'),
    async issue(subject, { names = [], hasEnded } = {}) {
      const own = await webcrypto.subtle.generateKey(algorithms.EC, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create(
        {
          ...commonFields(subject, Date.now() + (hasEnded === true ? -60_000 : hourMs)),
          signingAlgorithm,
          issuer: authority.subject,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          extensions: [
            new x509.ExtendedKeyUsageExtension([clientAuth]),
            ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])]),
          ],
        },
        webcrypto,
      );
      const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
      return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
    },
    async revoke(serials, { hasEnded } = {}) {
      const list = await x509.X509CrlGenerator.create(
        {
          issuer: authority.subject,
          thisUpdate: new Date(Date.now() - hourMs),
          nextUpdate: new Date(Date.now() + (hasEnded === true ? -60_000 : hourMs)),
          entries: serials.map((serialNumber) => ({ serialNumber })),
          signingKey: keys.privateKey,
          signingAlgorithm,
        },
        webcrypto,
      );
      return x509.PemConverter.encode(list.rawData, 'X509 CRL');
    },
  };
}

function commonFields(name: string, untilMs: number) {
  return {
    serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
    subject: `CN=${name}`,
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(untilMs),
  };
}
