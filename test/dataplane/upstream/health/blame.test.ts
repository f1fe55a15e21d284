// What is not an endpoint's fault never ejects it: clients must not be able to take endpoints from each other.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '../../../given/data-plane.ts';
import { eventually } from '../../../given/eventually.ts';
import { anH2Client } from '../../../given/h2-client.ts';
import { anHttp2Backend } from '../../../given/http2-backend.ts';
import { aRawBackend } from '../../../given/raw-backend.ts';
import { aRawClient } from '../../../given/raw-client.ts';
import { aBackend, aForward, aRule } from '../../../given/runtime.ts';
import type { DataPlaneChoices, GivenDataPlane } from '../../../given/data-plane.ts';

const cluster = { protocol: 'HTTP2' } as const;
const times = 8;

function within(timeouts: Parameters<typeof aForward>[1]): Pick<DataPlaneChoices, 'rule'> {
  return { rule: (to) => aRule(to, { action: aForward(aBackend(to), timeouts) }) };
}

function areHealthy(dataPlane: GivenDataPlane): boolean {
  return [...dataPlane.cluster.endpoints].every(({ healthy }) => healthy);
}

async function send(dataPlane: GivenDataPlane, request: string): Promise<void> {
  using client = await aRawClient(dataPlane.port);
  const before = dataPlane.records.length;
  client.send(request);
  await eventually(() => dataPlane.records.length > before);
}

describe('an endpoint stays in use', () => {
  it('when clients ask it for WebSocket by HTTP/2, which it does not speak', async () => {
    await using backend = await anHttp2Backend();
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const upgrade =
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n';
    for (let count = 0; count < times; count += 1) await send(dataPlane, upgrade);
    assert.deepEqual(new Set(dataPlane.records.map(({ status }) => status)), new Set([503]));
    assert.ok(areHealthy(dataPlane));
  });

  it('when clients of gRPC give it no time', async () => {
    await using backend = await anHttp2Backend(() => {});
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await anH2Client(dataPlane.port);
    const call = {
      ':path': '/a.B/C',
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': '30m',
    };
    await Promise.all(Array.from({ length: times }, () => client.ask({ headers: call, body: 'x' })));
    assert.equal(dataPlane.records[0]?.failure?.kind, 'CallTimedOut');
    assert.ok(areHealthy(dataPlane));
  });

  it('when clients go away, or its cluster has enough to do', async () => {
    await using backend = await aRawBackend(() => null);
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { breaker: { ...clusterDefaults.breaker, connectionsMax: 1, pendingMax: 1 } },
    });
    for (let count = 0; count < times; count += 1) {
      const clients = await Promise.all(Array.from({ length: 4 }, () => aRawClient(dataPlane.port)));
      for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await eventually(() => dataPlane.cluster.breaker.held('Request') === 2);
      for (const client of clients) client[Symbol.dispose]();
      await eventually(() => dataPlane.cluster.breaker.held('Request') === 0);
    }
    assert.ok(areHealthy(dataPlane));
  });

  it('when clients read slowly, but not when it does not answer in time', async () => {
    const large = `HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n`;
    let isSlow = true;
    await using backend = await aRawBackend(() => (isSlow ? large : null));
    using dataPlane = await givenDataPlane([backend.port], within({ backendTimeoutMs: 40 }));
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    for (let count = 0; count < times; count += 1) await send(dataPlane, get);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'BackendTimedOut');
    assert.ok(areHealthy(dataPlane));
    isSlow = false;
    for (let count = 0; count < times; count += 1) await send(dataPlane, get);
    assert.ok(!areHealthy(dataPlane));
  });
});
