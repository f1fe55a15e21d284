// The best that Node brings with it: node:http in front of undici's dispatch, written out by hand.
import { startServer } from '../ground.ts';
import { nodeCommand, packageVersion } from './http-proxy.ts';
import type { Peer } from './peer.ts';

const withoutHttp2 = 'node:http speaks no HTTP/2';

/** node:http of this Node with undici of npm. */
export const undici: Peer = {
  name: 'node:http + undici',
  lacks: { Http2: withoutHttp2, Grpc: withoutHttp2 },
  version: async () => `${process.version.slice(1)} + ${await packageVersion('undici')}`,
  start: async (terms) => {
    const command = nodeCommand('undici-program.ts', terms);
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
