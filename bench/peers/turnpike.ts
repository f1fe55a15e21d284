// Turnpike itself, as `npm start` runs it: both planes in one process, from a folder of manifests.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { startServer } from '../ground.ts';
import { turnpikeObjects } from './turnpike-objects.ts';
import type { Peer, RunningPeer, Terms } from './peer.ts';

const program = path.join(import.meta.dirname, '../../cli/turnpike.sh');

async function version(): Promise<string> {
  const text = await readFile(path.join(import.meta.dirname, '../../package.json'), 'utf8');
  return `${(JSON.parse(text) as { version: string }).version} (Node ${process.version.slice(1)})`;
}

async function start(
  terms: Terms,
  objects: readonly object[],
  flags: readonly string[],
): Promise<RunningPeer> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await writeFile(path.join(terms.folder, 'all.json'), JSON.stringify(list), { mode: 0o600 });
  const command = ['sh', program, 'up', '--folder', terms.folder, '--no-demo', '--quiet', ...flags];
  return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
}

/** One route: routing, forwarded fields, request ids, metrics. */
export const turnpike: Peer = {
  name: 'Turnpike',
  lacks: {},
  version,
  start: async (terms) => start(terms, await turnpikeObjects(terms, null), []),
};

/** With 1,000 routes, a verified JWT, and a rate limit with its fields. */
async function startWithPolicies(terms: Terms, flags: readonly string[]): Promise<RunningPeer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256' };
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuer('https://bench.example')
    .setSubject('ada')
    .setExpirationTime('6h')
    .sign(privateKey);
  const running = await start(terms, await turnpikeObjects(terms, jwk), flags);
  return { ...running, fields: [`Authorization: Bearer ${token}`] };
}

/** Routing among 1,000 routes, a verified JWT, a rate limit with its fields, and metrics. */
export const turnpikeWithPolicies: Peer = {
  ...turnpike,
  name: 'Turnpike with JWT and limit',
  start: (terms) => startWithPolicies(terms, []),
};

/** The same, and a line in the access log for each request. */
export const turnpikeFull: Peer = {
  ...turnpike,
  name: 'Turnpike, everything on',
  start: (terms) => startWithPolicies(terms, ['--access-log']),
};
