// The backend of slowloris-program.ts: nginx, which collects no garbage, so that what is late is the gateway's.
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startCommand } from '../given/command.ts';
import { request } from '../given/http-client.ts';
import { eventually } from '../given/eventually.ts';
import { aFreePort } from '../given/standalone.ts';

const largeBytes = 32_000_000;

/** POST reads content to its end, as nginx does for whom it passes a request on; /large: 32 MB; all else: a word. */
const configuration = (folder: string, port: number, inner: number): string => `
daemon off;
master_process off;
worker_rlimit_nofile 40000;
pid ${folder}/pid;
events { worker_connections 40000; multi_accept on; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  client_body_timeout 300s;
  send_timeout 300s;
  server {
    listen 127.0.0.1:${String(port)} backlog=4096;
    if ($request_method = POST) { rewrite ^ /taken; }
    location / { return 200 "served"; }
    location = /taken { proxy_pass http://127.0.0.1:${String(inner)}; }
    location = /large { alias ${folder}/large; }
  }
  server {
    listen 127.0.0.1:${String(inner)};
    location / { return 200 "served"; }
  }
}
`;

/** Started with its files in `folder`, and accepting. */
export async function startBackend(folder: string) {
  const [port, inner] = [await aFreePort(), await aFreePort()];
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'large'), '');
  await truncate(path.join(folder, 'large'), largeBytes);
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, port, inner));
  const server = startCommand('nginx', ['-p', folder, '-c', file, '-e', 'stderr']);
  await eventually(async () => (await request({ port, path: '/' })).status === 200, 10_000);
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
