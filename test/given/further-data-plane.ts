// More data planes of the Gateway that a standalone serves, each at an address of its own.
import { authorityAt, issueServing, publicBundle } from '#controller/authority/authority.ts';
import { createPublisher } from '#controller/publish/publisher.ts';
import { HeapMode } from '#dataplane/listen/heap-mode.ts';
import { startDataPlane } from '#dataplane/plane.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { eventually } from './eventually.ts';
import type { GivenStandalone } from './standalone.ts';

/** Starts one that serves what the standalone serves now. Settles when its ports are open. */
export async function givenFurtherDataPlane(
  standalone: GivenStandalone,
  address: string,
): Promise<AsyncDisposable> {
  const gateway = gatewayKey('default', 'edge');
  const authority = await authorityAt(null, Date.now());
  const publisher = createPublisher({
    host: '127.0.0.1',
    port: 0,
    certificate: await issueServing(authority, ['127.0.0.1'], Date.now()),
    authenticate: () =>
      Promise.resolve({ ok: true, namespace: 'default', serviceAccount: 'edge', expiresAtMs: Infinity }),
    mayServe: () => true,
    isPeer: () => false,
    onObservation: () => {},
    onMissingKey: () => {},
    report: () => {},
    now: Date.now,
  });
  const [served] = standalone.dataPlanes();
  if (served === undefined) throw new Error('no data plane runs');
  publisher.put(gateway, served.resources(), { lineage: 'test', kinds: {} });
  const { port } = await publisher.listen();
  const plane = startDataPlane({
    gateway,
    instance: address,
    build: 'test',
    controllers: () => Promise.resolve([{ host: '127.0.0.1', port, serverName: null }]),
    readCa: () => Promise.resolve(publicBundle(authority)),
    readToken: () => Promise.resolve('token'),
    stateFolder: null,
    usageJournal: null,
    usageEvents: null,
    heap: new HeapMode(null),
    address,
    accessLog: null,
    report: () => {},
  });
  await eventually(() => plane.unready() === null);
  return {
    async [Symbol.asyncDispose]() {
      await plane.stop({ acceptMs: 0, idleMs: 200, deadlineMs: 10_000 });
      await publisher.stop();
    },
  };
}
