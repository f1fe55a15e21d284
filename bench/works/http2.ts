// Works of HTTP/2 without TLS that h2load loads.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { grpcMessage } from '../backends/backends.ts';
import { h2load } from '../loads/h2load.ts';
import { allPeers } from '../peers/catalog.ts';
import { grpcMethod } from '../ready.ts';
import { cpuEach, usualPace } from './work.ts';
import type { Work } from './work.ts';

const usual = {
  figure: { name: 'CPU a request', unit: 'µs' },
  peers: allPeers,
  references: ['nginx', 'Envoy'],
  goals: [{ peer: 'Turnpike', to: 'Envoy', must: 0.7, aim: 0.5 }],
  pace: usualPace,
} as const;

/** Small GETs, to a backend of HTTP/1.1. */
export const http2Small: Work = {
  ...usual,
  name: 'http2',
  title: 'HTTP/2, small GET, 8 connections of 8 streams, to a backend of HTTP/1.1',
  front: 'Http2',
  backend: 'answers',
  measure: (run) => {
    const { port, seconds, peer, cores } = run;
    const load = { port, seconds, fields: peer.fields, path: '/bench/small?x=1', content: null };
    return cpuEach(run, () => h2load(cores, load));
  },
};

/** Calls of gRPC, to a backend of gRPC. */
export const grpc: Work = {
  ...usual,
  name: 'grpc',
  title: 'gRPC, unary calls of 20 octets each way, 8 connections of 8 streams',
  front: 'Grpc',
  backend: 'grpc',
  measure: async (run) => {
    const { port, seconds, peer, cores } = run;
    const content = path.join(run.folder, 'message');
    await writeFile(content, grpcMessage);
    const fields = ['te: trailers', 'content-type: application/grpc', ...peer.fields];
    return cpuEach(run, () => h2load(cores, { port, seconds, fields, path: grpcMethod, content }));
  },
};
