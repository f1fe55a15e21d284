import './metadata.ts';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { Secret } from '#snapshot/secret.ts';

/** A certificate and its key: PEM, the key in PKCS #8. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: Secret<string>;
}

/** Milliseconds since 1970. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
const serverAuth = '1.3.6.1.5.5.7.3.1';

/** A new self-signed authority (ECDSA P-256) that may sign certificates but no further authorities (RFC 5280 4.2.1.9). */
export async function createAuthorityCertificate(
  name: string,
  validity: Validity,
): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...commonFields(name, validity),
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return keyed(certificate, keys.privateKey);
}

/** A new certificate for a server of these DNS names and IP addresses, signed by `issuer`. */
export async function createServerCertificate(
  issuer: KeyedCertificate,
  names: readonly string[],
  validity: Validity,
): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const authority = new x509.X509Certificate(issuer.certificate);
  const alternatives = names.map((name) => ({
    type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const),
    value: name,
  }));
  const certificate = await x509.X509CertificateGenerator.create(
    {
      ...commonFields('turnpike-controller', validity),
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey: await importKey(issuer.key),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([serverAuth]),
        new x509.SubjectAlternativeNameExtension(alternatives),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(authority, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return keyed(certificate, keys.privateKey);
}

function commonFields(name: string, validity: Validity) {
  const subject = `CN=${name}`;
  return {
    // 127 random bits, positive (RFC 5280 4.1.2.2).
    serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
    subject,
    name: subject,
    notBefore: new Date(validity.fromMs),
    notAfter: new Date(validity.untilMs),
    signingAlgorithm: signing,
  };
}

function importKey(key: Secret<string>): Promise<webcrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(key.reveal());
  return webcrypto.subtle.importKey('pkcs8', der ?? new ArrayBuffer(0), ecdsa, false, ['sign']);
}

async function keyed(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<KeyedCertificate> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return Object.freeze({
    certificate: `${certificate.toString('pem')}\n`,
    key: new Secret(`${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`),
  });
}
