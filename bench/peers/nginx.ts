// nginx as its friends tune it: keep-alive both ways, no log, one worker, buffers that hold 100 KB, no temporary files.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer } from '../ground.ts';
import type { Front, Peer, Terms } from './peer.ts';
import { versionLine } from './programs.ts';

/** What every nginx of the bench has, proxy or backend. */
export const nginxBasics = (folder: string): string => `
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/pid;
error_log stderr crit;
# Twice what files allow: nginx closes idle connections when few of these are left.
events { worker_connections 40000; multi_accept on; }
`;

/** What its block \`http\` begins with. */
export const nginxHttpBasics = (folder: string): string => `
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  http2_max_concurrent_streams 256;
`;

const listening: Readonly<Record<Front, string>> = {
  Http1: '',
  Tls: ' ssl http2',
  Http2: ' http2',
  Grpc: ' http2',
};

const tls = ({ certificate }: Terms): string => `
    ssl_certificate ${certificate.chain};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ecdh_curve X25519;
    ssl_session_cache shared:sessions:10m;
    ssl_session_tickets on;`;

const http = `
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_to_backend;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off;
      proxy_buffers 16 16k;
      proxy_busy_buffers_size 128k;
      proxy_max_temp_file_size 0;`;

const grpc = `
      grpc_pass grpc://backend;
      grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;

/** nginx.conf. */
const configuration = (terms: Terms): string => `${nginxBasics(terms.folder)}
http {${nginxHttpBasics(terms.folder)}
  map $http_upgrade $connection_to_backend { default upgrade; '' ''; }
  upstream backend {
    server 127.0.0.1:${terms.backendPort};
    keepalive 128;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${terms.port}${listening[terms.front]} backlog=4096;
    client_body_buffer_size 128k;${terms.front === 'Tls' ? tls(terms) : ''}
    location / {${terms.front === 'Grpc' ? grpc : http}
    }
  }
}
`;

/** nginx of the machine. */
export const nginx: Peer = {
  name: 'nginx',
  lacks: {},
  version: async () => (await versionLine('nginx', ['-v'])).replace('nginx version: nginx/', ''),
  start: async (terms) => {
    const file = path.join(terms.folder, 'nginx.conf');
    await writeFile(file, configuration(terms));
    const command = ['nginx', '-p', terms.folder, '-c', file, '-e', 'stderr'];
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
