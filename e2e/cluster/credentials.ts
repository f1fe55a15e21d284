import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';

/** PEM texts of one who shows a certificate, and of the authority by which to know the other side. */
export type ClientCredentials = {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
};

/** Paths of the files that the API server is started with, and what its administrator shows. */
export type Credentials = {
  readonly authorityFile: string;
  readonly server: { readonly certificateFile: string; readonly keyFile: string };
  readonly serviceAccounts: { readonly publicKeyFile: string; readonly keyFile: string };
  readonly admin: ClientCredentials;
};

type Identity = { readonly name: string; readonly subject: string; readonly extensions: readonly string[] };

/** Makes a certificate authority and all keys of a control plane in `folder`, good for two days. */
export async function createCredentials(
  folder: string,
  serverAddresses: readonly string[],
): Promise<Credentials> {
  await mkdir(folder, { mode: 0o700 });
  const config = path.join(folder, 'openssl.cnf');
  // openssl's own configuration would add extensions of its own.
  await writeFile(config, '[req]\ndistinguished_name = name\n[name]\n');
  const issuer = new Issuer(folder, config);
  const authority = await issuer.selfSigned({
    name: 'authority',
    subject: '/CN=turnpike-e2e',
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'],
  });
  const addresses = serverAddresses.map((address) => `IP:${address}`);
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
    (name) => `DNS:${name}`,
  );
  const server = await issuer.issued({
    name: 'kube-apiserver',
    subject: '/CN=kube-apiserver',
    extensions: ['extendedKeyUsage=serverAuth', `subjectAltName=${[...addresses, ...names].join(',')}`],
  });
  const admin = await issuer.issued({
    name: 'admin',
    subject: '/O=system:masters/CN=turnpike-e2e-admin',
    extensions: ['extendedKeyUsage=clientAuth'],
  });
  return {
    authorityFile: authority.certificateFile,
    server,
    serviceAccounts: await createServiceAccountKeys(folder),
    admin: {
      authority: await readFile(authority.certificateFile, 'utf8'),
      certificate: await readFile(admin.certificateFile, 'utf8'),
      key: await readFile(admin.keyFile, 'utf8'),
    },
  };
}

class Issuer {
  readonly #folder: string;
  readonly #config: string;

  constructor(folder: string, config: string) {
    this.#folder = folder;
    this.#config = config;
  }

  async selfSigned(identity: Identity): Promise<Credentials['server']> {
    return this.#request(identity, []);
  }

  async issued(identity: Identity): Promise<Credentials['server']> {
    const authority = [
      '-CA',
      path.join(this.#folder, 'authority.crt'),
      '-CAkey',
      path.join(this.#folder, 'authority.key'),
    ];
    return this.#request(identity, authority);
  }

  async #request(identity: Identity, authority: readonly string[]): Promise<Credentials['server']> {
    const certificateFile = path.join(this.#folder, `${identity.name}.crt`);
    const keyFile = path.join(this.#folder, `${identity.name}.key`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
    const extensions = identity.extensions.flatMap((extension) => ['-addext', extension]);
    const subject = ['-subj', identity.subject, '-days', '2', '-out', certificateFile];
    const args = ['req', '-x509', '-config', this.#config, ...key, ...subject, ...extensions, ...authority];
    await outputOf('openssl', args).catch((cause: unknown) => {
      if (!(cause instanceof ClusterError) || cause.failure !== 'missing') throw cause;
      throw new ClusterError(
        'missing',
        'The program "openssl" is needed and not there: apt-get install openssl',
        { cause },
      );
    });
    return { certificateFile, keyFile };
  }
}

async function createServiceAccountKeys(folder: string): Promise<Credentials['serviceAccounts']> {
  const publicKeyFile = path.join(folder, 'service-accounts.pub');
  const keyFile = path.join(folder, 'service-accounts.key');
  const keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  await writeFile(publicKeyFile, keys.publicKey);
  await writeFile(keyFile, keys.privateKey, { mode: 0o600 });
  return { publicKeyFile, keyFile };
}
