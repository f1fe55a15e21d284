import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { KubeError } from './kube-error.ts';
import type { Connection } from './connection.ts';

/** What a pod is told of its API server. */
export interface PodSite {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT; empty where there is no cluster. */
  readonly host: string;
  readonly port: string;
  /** Holds `token`, `ca.crt` and `namespace` of the pod's service account. */
  readonly folder: string;
}

/**
 * The connection of a pod's service account. Its files are read whenever credentials are asked for: the kubelet
 * rotates the token.
 * @throws {KubeError} `Malformed` when this is no pod of a cluster.
 */
export async function podConnection({ host, port, folder }: PodSite): Promise<Connection> {
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (host === '' || port === '' || !URL.canParse(server)) {
    throw new KubeError('Malformed', 'this is no pod of a cluster: name a kubeconfig');
  }
  const namespace = await readFile(path.join(folder, 'namespace'), 'utf8').catch(() => '');
  return {
    server,
    namespace: namespace.trim() || null,
    async credentials() {
      const [token, ca] = await Promise.all(
        ['token', 'ca.crt'].map((name) => readFile(path.join(folder, name), 'utf8')),
      ).catch((cause: unknown) => {
        throw new KubeError('Unauthorized', 'the credentials for the API server cannot be had', { cause });
      });
      return { headers: { authorization: `Bearer ${token?.trim() ?? ''}` }, tls: { ca: ca ?? '' } };
    },
  };
}
