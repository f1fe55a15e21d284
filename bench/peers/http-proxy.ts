// http-proxy as its README shows it, with a keep-alive agent (without one it is three times dearer).
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer } from '../ground.ts';
import type { Peer, Terms } from './peer.ts';

const withoutHttp2 = 'it speaks no HTTP/2';

/** The command of a program of this folder that listens as the terms say. */
export function nodeCommand(program: string, { front, port, backendPort, certificate }: Terms): string[] {
  const file = path.join(import.meta.dirname, program);
  const pair = front === 'Tls' ? [certificate.chain, certificate.key] : [];
  return [process.execPath, '--no-deprecation', file, String(port), String(backendPort), ...pair];
}

/** The version of a package of npm that is installed here. */
export async function packageVersion(name: string): Promise<string> {
  const file = path.join(import.meta.dirname, '../../node_modules', name, 'package.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`${name} is not installed: npm ci`);
  });
  return (JSON.parse(text) as { version: string }).version;
}

/** http-proxy of npm. */
export const httpProxy: Peer = {
  name: 'http-proxy',
  lacks: { Http2: withoutHttp2, Grpc: withoutHttp2 },
  version: () => packageVersion('http-proxy'),
  start: async (terms) => {
    const command = nodeCommand('http-proxy-program.ts', terms);
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
