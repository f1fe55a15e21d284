import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressGroup } from '#dataplane/http/address.ts';
import { AddressCounts } from '#dataplane/http/address-counts.ts';
import { protocolOf, preface } from '#dataplane/listen/protocols.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRawClient } from '#test/given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('connections of one address', () => {
  const groups: readonly (readonly [address: string, group: string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['2001:db8::', '2001:db8:0:0'],
    ['2001::1:2:3:4:5', '2001:0:0:1'],
    ['::', '0:0:0:0'],
    ['::1', '0:0:0:0'],
    ['::2:3:4:5:6:7', '0:0:2:3'],
    ['1:2:3::', '1:2:3:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4'],
  ];
  for (const [address, group] of groups) {
    it(`(${address}) are those of ${group}`, () => assert.equal(addressGroup(address), group));
  }

  it('are counted as long as they are there, and no longer', () => {
    const counts = new AddressCounts();
    assert.deepEqual([counts.enter('a', 2), counts.enter('a', 2), counts.enter('a', 2)], [true, true, false]);
    assert.ok(counts.enter('b', 2));
    assert.ok(counts.enter('a', 0), 'no limit');
    for (let left = 0; left < 3; left += 1) counts.leave('a');
    counts.leave('b');
    assert.equal(counts.size, 0);
    assert.ok(counts.enter('a', 1));
  });

  it('are closed beyond their limit, until one of them ends', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { connectionsPerAddressMax: 2 } });
    using first = await aRawClient(dataPlane.port);
    using second = await aRawClient(dataPlane.port);
    for (const client of [first, second]) {
      client.send(get);
      await client.until((received) => received.endsWith('ok'));
    }
    using third = await aRawClient(dataPlane.port);
    await third.untilClosed();
    assert.equal(third.received(), '');
    first[Symbol.dispose]();
    await eventually(() => dataPlane.listeners.connectionCount() === 1);
    using fourth = await aRawClient(dataPlane.port);
    fourth.send(get);
    await fourth.until((received) => received.endsWith('ok'));
  });
});

describe('the first octets', () => {
  it('tell HTTP/2 when they are its whole preface, and HTTP/1 as soon as they differ', () => {
    for (let length = 0; length < preface.length; length += 1) {
      const start = preface.subarray(0, length);
      assert.equal(protocolOf(start), null);
      assert.equal(protocolOf(Buffer.concat([start, Buffer.from('\0')])), 'http/1.1');
    }
    assert.equal(protocolOf(preface), 'h2');
    assert.equal(protocolOf(Buffer.concat([preface, Buffer.from('more')])), 'h2');
    assert.equal(protocolOf(Buffer.from(get)), 'http/1.1');
  });

  it('may come one by one, also those of a method that begins as the preface does', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    for (const method of ['GET', 'PRI', 'PRIx', 'PATCH']) {
      using client = await aRawClient(dataPlane.port);
      for (const octet of get.replace('GET', method)) {
        client.send(octet);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      await client.until((received) => received.endsWith('ok'));
    }
    assert.equal(backend.seen.length, 4);
  });

  it('that never become enough of them are given up, and none are', async () => {
    using dataPlane = await givenDataPlane([], { limits: { firstByteTimeoutMs: 40, sweepMs: 5 } });
    for (const octets of ['', 'P', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r']) {
      using client = await aRawClient(dataPlane.port);
      if (octets !== '') client.send(octets);
      await client.untilClosed();
    }
    assert.equal(dataPlane.records.length, 0);
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('and then an end are the end', async () => {
    using dataPlane = await givenDataPlane([]);
    for (const octets of ['', 'PRI']) {
      using client = await aRawClient(dataPlane.port);
      if (octets !== '') client.send(octets);
      client.socket.end();
      await client.untilClosed();
    }
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });
});
