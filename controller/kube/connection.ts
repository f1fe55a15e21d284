import { KubeError } from './kube-error.ts';
import { podConnection } from './pod-connection.ts';
import type { PodSite } from './pod-connection.ts';
import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';

/** How to reach an API server and who we are. */
export interface Connection {
  /** Base URL. */
  readonly server: string;
  /** The namespace of the context or of the pod; null when it tells none. */
  readonly namespace: string | null;
  /** What to show the server; `Fresh` reads files and tokens again. */
  credentials(want: 'Cached' | 'Fresh'): Promise<Credentials>;
}

/** Who we are to an API server, and by which authorities we know it. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: {
    readonly ca?: string | Buffer;
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
}

interface FileSource {
  readonly kind: 'File';
  readonly file: string;
  readonly context: string | null;
}

/** A pod's service account, or a kubeconfig (`context` null: its current one). */
export type ConnectionSource = ({ readonly kind: 'Pod' } & PodSite) | FileSource;

/**
 * The connection that a pod's service account or a kubeconfig file describes.
 * @throws {KubeError} `Malformed` when there is none.
 */
export async function loadConnection(source: ConnectionSource): Promise<Connection> {
  return source.kind === 'Pod' ? podConnection(source) : fileConnection(source);
}

async function fileConnection(source: FileSource): Promise<Connection> {
  // 430 ms and 87 MB, for exec plugins and all else that a kubeconfig can hold: no pod pays for it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const load = () => loadConfig(new KubeConfig(), source);
  let config = load();
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server)) {
    throw new KubeError('Malformed', 'the kubeconfig has no current cluster with a server');
  }
  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace?.trim() ?? null,
    credentials(want) {
      if (want === 'Fresh') {
        config = load();
      }
      return credentialsOf(config);
    },
  };
}

function loadConfig(config: KubeConfig, { file, context }: FileSource): KubeConfig {
  try {
    config.loadFromFile(file);
    if (context !== null) config.setCurrentContext(context);
    return config;
  } catch (cause) {
    throw new KubeError('Malformed', `the kubeconfig cannot be read: ${file}`, { cause });
  }
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw new KubeError('Unauthorized', 'the credentials for the API server cannot be had', { cause });
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    headers,
    tls: {
      ...(isPem(ca) ? { ca } : {}),
      ...(isPem(cert) ? { cert } : {}),
      ...(isPem(key) ? { key } : {}),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
  };
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
