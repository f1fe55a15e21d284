// Filters that need content before there is a backend, and clients that send it in every other way.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { aRawBackend, plainAnswer } from '#test/given/raw-backend.ts';
import { aRawClient, readAnswers } from '#test/given/raw-client.ts';
import { aBackend, aForward, aRule } from '#test/given/runtime.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';

const hidden = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n';

function post(path: string, content: string, ...lines: readonly string[]): string {
  const fields = [`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${content.length}`, ...lines];
  return `${fields.join('\r\n')}\r\n\r\n${content}`;
}

describe('content that its backend does not read', () => {
  it('has no other request wait behind it', async () => {
    let connections = 0;
    const server = net.createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.pause();
        socket.write(plainAnswer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const reader: RequestFilter = {
      kind: 'Reader',
      async apply(exchange) {
        const content = await exchange.content({ bytesMax: 10_000_000, beyond: 'Refuse' });
        return 'kind' in content ? content : null;
      },
    };
    const address = server.address();
    using dataPlane = await givenDataPlane(
      [typeof address === 'object' && address !== null ? address.port : 0],
      {
        rule: (cluster) => aRule(cluster, { requestFilters: [reader] }),
      },
    );
    using client = await aRawClient(dataPlane.port);
    client.send(post('/large', 'x'.repeat(8_000_000)));
    await client.until((octets) => readAnswers(octets).answers.length === 1);
    client.send(post('/small', 'x'));
    await client.until((octets) => readAnswers(octets).answers.length === 2);
    assert.equal(connections, 2);
    server.close();
  });
});

describe('a filter that asks for content when the request is over', () => {
  it('takes none of the next one', async () => {
    const waits = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const told = Promise.withResolvers<string>();
    let asked = 0;
    const late: RequestFilter = {
      kind: 'Late',
      async apply(exchange) {
        const at = asked;
        asked += 1;
        await waits[at]?.promise;
        if (at > 0) return null;
        const content = await exchange.content({ bytesMax: 100, beyond: 'Refuse' });
        told.resolve('kind' in content ? content.kind : 'content');
        return null;
      },
    };
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) =>
        aRule(cluster, {
          requestFilters: [late],
          action: aForward(aBackend(cluster), { requestTimeoutMs: 500 }),
        }),
    });
    using client = await aRawClient(dataPlane.port);
    client.send(post('/first', 'x'.repeat(20)) + post('/second', hidden));
    await client.until((octets) => readAnswers(octets).answers.length === 1 && asked === 2);
    waits[0]?.resolve();
    assert.equal(await told.promise, 'ClientGone');
    waits[1]?.resolve();
    const all = await client.until((octets) => readAnswers(octets).answers.length === 2);
    assert.deepEqual(
      readAnswers(all).answers.map(({ status }) => status),
      [504, 200],
    );
    assert.deepEqual(
      backend.seen.map(({ body }) => body),
      [hidden],
    );
  });
});
