// nginx as proxy and as backend, tuned as its friends would: keep-alive both ways, no log, one worker.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accepting, freePort, startPinned, stopChild } from './peer.ts';
import type { Cores, Peer } from './peer.ts';

const preamble = (folder: string): string => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 4096; }
`;

const paths = (folder: string): string => `
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
`;

async function start(
  core: number,
  configuration: (folder: string) => string,
  port: number,
): Promise<Omit<Peer, 'name' | 'fields'>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'));
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder));
  const child = startPinned(core, ['nginx', '-p', folder, '-c', file, '-e', 'stderr'], 'ignore');
  await accepting(port);
  return {
    pid: child.pid ?? 0,
    port,
    stop: async () => {
      await stopChild(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** nginx in front of `backendPort`. */
export async function startNginx(cores: Cores, backendPort: number): Promise<Peer> {
  const port = await freePort();
  const configuration = (folder: string): string => `${preamble(folder)}
http {${paths(folder)}
  upstream backend { server 127.0.0.1:${backendPort}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}`;
  return { name: 'nginx', fields: [], ...(await start(cores.measured, configuration, port)) };
}

/** The backend of all peers: a small answer with a few fields, from nginx on the other core. */
export async function startBackend(cores: Cores): Promise<Omit<Peer, 'name' | 'fields'>> {
  const port = await freePort();
  const body = 'x'.repeat(70);
  const configuration = (folder: string): string => `${preamble(folder)}
http {${paths(folder)}
  server {
    listen 127.0.0.1:${port};
    location / {
      default_type text/plain;
      add_header X-Request-Kind bench;
      add_header Cache-Control no-store;
      return 200 "${body}";
    }
  }
}`;
  return start(cores.load, configuration, port);
}
