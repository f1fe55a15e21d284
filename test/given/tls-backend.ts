// Backends that speak TLS, with certificates of an authority of their own, made anew in each run.
import '#controller/authority/metadata.ts';
import { randomBytes, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import tls from 'node:tls';
import * as x509 from '@peculiar/x509';
import { Secret } from '#snapshot/secret.ts';
import { resourceId } from '#snapshot/ids.ts';
import { plainAnswer } from './raw-backend.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { ClusterTls } from '#snapshot/cluster.ts';

/** Signs certificates for backends and for whoever calls them. */
export interface BackendAuthority {
  /** PEM. */
  readonly pem: string;
  /** The resource `Certificate/<name>` for these alternative names, good for an hour. */
  certificate(name: string, names: readonly x509.JsonGeneralName[]): Promise<Certificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const hourMs = 3_600_000;

/** `name`: its own; of two with one name a reader of certificates takes the first for the issuer. */
export async function aBackendAuthority(name = 'backends'): Promise<BackendAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const common = (subject: string) => ({
    serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
    subject: `CN=${subject}`,
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(Date.now() + hourMs),
    signingAlgorithm,
  });
  const authority = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...common(name),
      name: `CN=${name}`,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  return {
    pem: authority.toString('pem'),
    async certificate(name, names) {
      const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create(
        {
          ...common(name),
          issuer: authority.subject,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          extensions: [new x509.SubjectAlternativeNameExtension([...names])],
        },
        webcrypto,
      );
      const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
      return {
        kind: 'Certificate',
        id: resourceId('Certificate', name),
        chain: certificate.toString('pem'),
        key: new Secret(x509.PemConverter.encode(key, 'PRIVATE KEY')),
      };
    },
  };
}

/** A backend over TLS that answers each read: by 200, unless told otherwise. */
export interface TlsBackend extends AsyncDisposable {
  readonly port: number;
  /** The server names, protocols and subjects of clients' certificates of the connections that were secure. */
  readonly seen: readonly {
    readonly name: string;
    readonly shown: string | null;
    readonly resumed: boolean;
  }[];
}

/** Starts one; with `clients` (PEM) only for those who show a certificate that these have signed. */
export async function aTlsBackend(
  certificate: Certificate,
  choices: {
    readonly clients?: string;
    readonly at?: { readonly host: string; readonly port: number };
    /** What it answers to these octets. */
    readonly answer?: (octets: string) => string;
  } = {},
): Promise<TlsBackend> {
  const seen: { name: string; shown: string | null; resumed: boolean }[] = [];
  const sockets = new Set<tls.TLSSocket>();
  const { clients, at = { host: '127.0.0.1', port: 0 }, answer = () => plainAnswer } = choices;
  const server = tls.createServer(
    {
      cert: certificate.chain,
      key: certificate.key.reveal(),
      ALPNProtocols: ['http/1.1'],
      ...(clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: true }),
    },
    (socket) => {
      sockets.add(socket);
      const name = typeof socket.servername === 'string' ? socket.servername : '';
      const shown = socket.getPeerX509Certificate()?.subject ?? null;
      seen.push({ name, shown, resumed: socket.isSessionReused() });
      socket.on('error', () => {});
      socket.on('data', (octets) => socket.write(answer(octets.toString('latin1'))));
    },
  );
  server.on('tlsClientError', () => {});
  server.listen(at);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** TLS to `hostname`, by these authorities; `changes` replace parts. */
export function aClusterTls(
  hostname: string,
  authorities: string,
  changes: Partial<ClusterTls> = {},
): ClusterTls {
  return { hostname, subjectAltNames: [], authorities, clientCertificate: null, ...changes };
}
