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

type KeyPair = { readonly certificateFile: string; readonly keyFile: string };

/** Paths of the files that the API server is started with, and what its administrator shows. */
export type Credentials = {
  readonly authorityFile: string;
  readonly server: KeyPair;
  readonly serviceAccounts: { readonly publicKeyFile: string; readonly keyFile: string };
  readonly admin: ClientCredentials;
};

type Identity = { readonly name: string; readonly subject: string; readonly extensions: readonly string[] };

/** Makes a certificate authority and all keys of a control plane in `folder`, good for two days. */
export async function createCredentials(
  folder: string,
  serverAddresses: readonly string[],
): Promise<Credentials> {
  return (await createCredentialsFor(folder, { serverAddresses, days: 2, clients: {} })).credentials;
}

export type CredentialsRequest = {
  readonly serverAddresses: readonly string[];
  readonly days: number;
  /** Who else shows a certificate to the API server: a name for the files, and its subject, such as /CN=system:kube-proxy. */
  readonly clients: Readonly<Record<string, string>>;
};

export type CredentialsOfAll<Name extends string> = {
  readonly credentials: Credentials;
  readonly clients: Readonly<Record<Name, ClientCredentials>>;
};

/** As createCredentials, for `days` days, with certificates for more clients by the same authority. */
export async function createCredentialsFor<const Request extends CredentialsRequest>(
  folder: string,
  request: Request,
): Promise<CredentialsOfAll<keyof Request['clients'] & string>> {
  await mkdir(folder, { mode: 0o700, recursive: true });
  const issuer = await Issuer.in(folder, request.days);
  const server = await serverCertificate(issuer, request.serverAddresses);
  const subjects = Object.entries({ admin: '/O=system:masters/CN=turnpike-e2e-admin', ...request.clients });
  const shown = await Promise.all(
    subjects.map(async ([name, subject]) => [name, await issuer.client(name, subject)] as const),
  );
  const clients = Object.fromEntries(shown) as Record<'admin' | keyof Request['clients'], ClientCredentials>;
  const { admin } = clients;
  const serviceAccounts = await createServiceAccountKeys(folder);
  return { credentials: { authorityFile: issuer.authorityFile, server, serviceAccounts, admin }, clients };
}

async function serverCertificate(issuer: Issuer, serverAddresses: readonly string[]): Promise<KeyPair> {
  const addresses = serverAddresses.map((address) => `IP:${address}`);
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
    (name) => `DNS:${name}`,
  );
  return issuer.issued({
    name: 'kube-apiserver',
    subject: '/CN=kube-apiserver',
    extensions: ['extendedKeyUsage=serverAuth', `subjectAltName=${[...addresses, ...names].join(',')}`],
  });
}

class Issuer {
  readonly #folder: string;
  readonly #config: string;
  readonly #days: number;
  readonly authorityFile: string;

  /** Makes the authority. */
  static async in(folder: string, days: number): Promise<Issuer> {
    const config = path.join(folder, 'openssl.cnf');
    // openssl's own configuration would add extensions of its own.
    await writeFile(config, '[req]\ndistinguished_name = name\n[name]\n');
    const issuer = new Issuer(folder, config, days);
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    await issuer.#request({ name: 'authority', subject: '/CN=turnpike-e2e', extensions }, []);
    return issuer;
  }

  private constructor(folder: string, config: string, days: number) {
    this.#folder = folder;
    this.#config = config;
    this.#days = days;
    this.authorityFile = path.join(folder, 'authority.crt');
  }

  async client(name: string, subject: string): Promise<ClientCredentials> {
    const pair = await this.issued({ name, subject, extensions: ['extendedKeyUsage=clientAuth'] });
    return {
      authority: await readFile(this.authorityFile, 'utf8'),
      certificate: await readFile(pair.certificateFile, 'utf8'),
      key: await readFile(pair.keyFile, 'utf8'),
    };
  }

  async issued(identity: Identity): Promise<KeyPair> {
    const authority = ['-CA', this.authorityFile, '-CAkey', path.join(this.#folder, 'authority.key')];
    return this.#request(identity, authority);
  }

  async #request(identity: Identity, authority: readonly string[]): Promise<KeyPair> {
    const certificateFile = path.join(this.#folder, `${identity.name}.crt`);
    const keyFile = path.join(this.#folder, `${identity.name}.key`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
    const extensions = identity.extensions.flatMap((extension) => ['-addext', extension]);
    const subject = ['-subj', identity.subject, '-days', `${this.#days}`, '-out', certificateFile];
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
