// The backends that all peers have: nginx for whole answers, a program of ours where content or octets come in. All run
// on the processor of the load, so what they cost is nobody's figure.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, startServer } from '../ground.ts';
import type { Cores, Running } from '../ground.ts';
import { nginxBasics, nginxHttpBasics } from '../peers/nginx.ts';

/** Ports on loopback. */
export interface Backends {
  /** GET /bench/small: 70 octets with seven fields; /bench/large: 100 KB. HTTP/1.1. */
  readonly answers: number;
  /** POST /bench.Echo/Unary: one message of 20 octets and the status in trailers. HTTP/2 without TLS. */
  readonly grpc: number;
  /** POST /bench/upload takes content; GET /bench/socket switches to WebSocket and answers each message of 1 KB with one. */
  readonly taking: number;
  stop(): Promise<void>;
}

const configuration = (folder: string, answers: number, grpc: number): string => `${nginxBasics(folder)}
http {${nginxHttpBasics(folder)}
  open_file_cache max=16;
  sendfile on;
  tcp_nopush on;
  server {
    listen 127.0.0.1:${answers} backlog=4096;
    default_type text/plain;
    add_header X-Request-Kind bench;
    add_header Cache-Control no-store;
    location / { return 200 "${'x'.repeat(70)}"; }
    location = /bench/large { alias ${folder}/files/large; }
  }
  server {
    listen 127.0.0.1:${grpc} http2 backlog=4096;
    default_type application/grpc;
    location / {
      root ${folder}/files;
      etag off;
      add_trailer grpc-status 0;
      error_page 405 =200 $uri;
    }
  }
}
`;

/** A message of gRPC (its length-prefix): not compressed, 20 octets. */
export const grpcMessage = Buffer.concat([Buffer.from([0, 0, 0, 0, 20]), Buffer.alloc(20, 0x0a)]);

/** Starts all of them. */
export async function startBackends(cores: Cores, folder: string): Promise<Backends> {
  const [answers, grpc, taking] = [await freePort(), await freePort(), await freePort()];
  await mkdir(path.join(folder, 'files/bench.Echo'), { recursive: true });
  await writeFile(path.join(folder, 'files/large'), 'x'.repeat(102_400));
  await writeFile(path.join(folder, 'files/bench.Echo/Unary'), grpcMessage);
  const file = path.join(folder, 'backend.conf');
  await writeFile(file, configuration(folder, answers, grpc));
  const program = path.join(import.meta.dirname, 'taking-program.ts');
  const started: Running[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started) await one.stop();
  };
  try {
    started.push(await startServer(cores.load, ['nginx', '-p', folder, '-c', file, '-e', 'stderr'], answers));
    started.push(await startServer(cores.load, [process.execPath, program, String(taking)], taking));
  } catch (error) {
    await stop();
    throw error;
  }
  return { answers, grpc, taking, stop };
}
