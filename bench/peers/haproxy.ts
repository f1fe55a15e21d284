// HAProxy as its friends tune it: one thread, connections to the backend kept and used by all, no log.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer } from '../ground.ts';
import type { Front, Peer, Terms } from './peer.ts';
import { versionLine } from './programs.ts';

const binding = (terms: Terms): Readonly<Record<Front, string>> => ({
  Http1: '',
  Tls: `ssl crt ${terms.certificate.joined} alpn h2,http/1.1 curves X25519`,
  Http2: 'proto h2',
  Grpc: 'proto h2',
});

/** haproxy.cfg. */
const configuration = (terms: Terms): string => `
global
  nbthread 1
  no strict-limits
  maxconn 20000
  tune.h2.max-concurrent-streams 256
  tune.ssl.cachesize 100000

defaults
  mode http
  option http-keep-alive
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  timeout http-keep-alive 600s

frontend front
  bind 127.0.0.1:${terms.port} backlog 4096 ${binding(terms)[terms.front]}
  default_backend back

backend back
  server one 127.0.0.1:${terms.backendPort} pool-max-conn 256 ${terms.front === 'Grpc' ? 'proto h2' : ''}
`;

/** HAProxy of the machine. */
export const haproxy: Peer = {
  name: 'HAProxy',
  lacks: {},
  version: async () => /version (\d[\w.]*)/.exec(await versionLine('haproxy', ['-v']))?.[1] ?? '',
  start: async (terms) => {
    const file = path.join(terms.folder, 'haproxy.cfg');
    await writeFile(file, configuration(terms));
    const command = ['haproxy', '-db', '-q', '-f', file];
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
