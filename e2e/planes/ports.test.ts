// A port that a data plane cannot open, as a user meets it: something else has it, and lets go of it later.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import { ask } from '../turnpike/client.ts';
import { edgeGateway, Turnpike } from '../turnpike/turnpike.ts';
import type { ChildProcess } from 'node:child_process';
import type { TestContext } from 'node:test';
import type { Condition } from '../turnpike/turnpike.ts';

const port = 8080;

/** The Gateway with a listener `late` beside `http`, which takes routes from these namespaces. */
function gatewayWithLate(from: 'Same' | 'All' = 'Same'): readonly object[] {
  const [gatewayClass = {}, gateway = {}] = edgeGateway(3);
  const { spec } = gateway as { spec: { listeners: object[] } };
  const listeners = [
    ...spec.listeners,
    { name: 'late', protocol: 'HTTP', port, allowedRoutes: { namespaces: { from } } },
  ];
  return [gatewayClass, { ...gateway, spec: { ...spec, listeners } }];
}

/** A process that listens at `address` and the port, until it is killed. */
async function occupy(address: string): Promise<ChildProcess> {
  const listen = `net.createServer().listen(${port}, '${address}', () => console.log('listening'))`;
  const occupier = spawn(process.execPath, ['--eval', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(occupier.stdout, 'data');
  return occupier;
}

describe('a port that a data plane cannot open', () => {
  let turnpike: Turnpike;
  let occupier: ChildProcess;

  before(async () => {
    turnpike = await Turnpike.serve();
    occupier = await occupy(turnpike.addresses[1] ?? '');
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    occupier?.kill('SIGKILL');
    await turnpike?.stop();
  });

  const programmed = async (listener: string) => {
    const { status } = (await turnpike.get('gateway/edge')) as {
      status: { listeners: { name: string; conditions: Condition[] }[] };
    };
    const { conditions = [] } = status.listeners.find(({ name }) => name === listener) ?? {};
    return conditions.find(({ type }) => type === 'Programmed');
  };
  const untilLate = (status: string) =>
    eventually(`listener late is Programmed ${status}`, async () => {
      const condition = await programmed('late');
      return condition?.status === status ? condition : undefined;
    });
  const events = async (reason: string) => {
    const printed = await turnpike.kubectl('get', 'events.events.k8s.io', '--output=json');
    const { items } = JSON.parse(printed) as {
      items: { reason: string; type: string; note: string; regarding: { kind: string; name: string } }[];
    };
    return items.filter((one) => one.reason === reason);
  };
  const unready = async () => {
    const page = await fetch(`http://${turnpike.addresses[1]}:9901/readyz`);
    return page.ok ? null : page.text();
  };

  it('is told at its listener and by an Event, and the other listener stays as it is', async () => {
    await turnpike.apply(...gatewayWithLate());
    const { reason, message } = await untilLate('False');
    assert.equal(reason, 'Pending');
    assert.equal(
      message,
      'Port 8080 cannot be opened by 1 of 3 data planes (data-plane-2): something else listens there (EADDRINUSE); end it, or give the listener another port. It is tried again every second.',
    );
    assert.equal((await programmed('http'))?.status, 'True');
    const whole = await turnpike.until('gateway/edge', 'Programmed', 'True');
    assert.match(whole.message, /listener late/);
    const [event] = await eventually('the Event', async () => {
      const found = await events('PortUnavailable');
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(
      [event?.type, event?.regarding.kind, event?.regarding.name],
      ['Warning', 'Gateway', 'edge'],
    );
    assert.match(event?.note ?? '', /^Port 8080 cannot be opened/);
  });

  it('is served by the data planes that have it; the one that has not is not ready', async () => {
    const [first, , third] = turnpike.addresses;
    for (const address of [first, third]) {
      assert.equal((await ask(address ?? '', { path: '/' }, { port })).status, 404);
    }
    for (const dataPlane of turnpike.dataPlanes) {
      assert.equal((await dataPlane.ask({ path: '/' })).status, 404);
    }
    assert.match((await unready()) ?? '', /not listening on port 8080/);
  });

  it('is known to the next leader too, and nobody says meanwhile that it is open', async () => {
    const leader = await turnpike.replaceLeader();
    await turnpike.apply(...gatewayWithLate('All'));
    const { metadata } = (await turnpike.get('gateway/edge')) as { metadata: { generation: number } };
    await eventually('the new leader has written the status', async () => {
      const condition = await programmed('late');
      return condition?.observedGeneration === metadata.generation || undefined;
    });
    assert.equal((await programmed('late'))?.status, 'False');
    await leader.start();
    assert.deepEqual(await events('PortAvailable'), []);
  });

  it('becomes Programmed by itself once the port is free', async () => {
    occupier.kill('SIGKILL');
    const { message } = await untilLate('True');
    assert.equal(message, '');
    const whole = await turnpike.until('gateway/edge', 'Programmed', 'True');
    assert.equal(whole.message, '');
    assert.equal((await ask(turnpike.addresses[1] ?? '', { path: '/' }, { port })).status, 404);
    assert.equal(await unready(), null);
    assert.match((await turnpike.dataPlanes[1]?.logEnd()) ?? '', /PortAvailable.*8080/);
    const [event] = await eventually('the Event', async () => {
      const found = await events('PortAvailable');
      return found.length > 0 ? found : undefined;
    });
    assert.equal(event?.type, 'Normal');
  });
});
