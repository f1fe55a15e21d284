// http-proxy 1.18.1 as its README shows it, with a keep-alive agent (without one it is three times dearer).
import path from 'node:path';
import { accepting, freePort, startPinned, stopChild } from './peer.ts';
import type { Cores, Peer } from './peer.ts';

/** http-proxy in front of `backendPort`. */
export async function startHttpProxy(cores: Cores, backendPort: number): Promise<Peer> {
  const port = await freePort();
  const program = path.join(import.meta.dirname, 'http-proxy-server.ts');
  const command = [process.execPath, '--no-deprecation', program, String(port), String(backendPort)];
  const child = startPinned(cores.measured, command, 'ignore');
  await accepting(port);
  return { name: 'http-proxy', pid: child.pid ?? 0, port, fields: [], stop: () => stopChild(child) };
}
