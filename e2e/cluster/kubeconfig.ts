import { writeFile } from 'node:fs/promises';
import type { ClientCredentials } from './credentials.ts';

/** Writes a kubeconfig, readable by its owner only, with one context that reaches `url` with these credentials. */
export async function writeKubeconfig(
  file: string,
  url: string,
  credentials: ClientCredentials,
): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const name = 'turnpike-e2e';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      { name, cluster: { server: url, 'certificate-authority-data': base64(credentials.authority) } },
    ],
    users: [
      {
        name,
        user: {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
}
