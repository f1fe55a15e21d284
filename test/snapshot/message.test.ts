import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { LineReader } from '#snapshot/lines.ts';
import {
  type DataPlaneMessage,
  controllerMessage,
  dataPlaneMessage,
  messageLine,
  peerMessage,
  putLine,
  putResource,
  shortened,
  tellablePorts,
  tellableQuotas,
} from '#snapshot/message.ts';
import { laggingKinds } from '#snapshot/order.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import { arbitraryResource } from './arbitrary-resource.ts';

const order = {
  lineage: 'c',
  kinds: { Service: { seen: '7', state: 'x1' }, Secret: { seen: '0', state: '' } },
};

const said: readonly DataPlaneMessage[] = [
  {
    type: 'hello',
    protocol: 1,
    gateway: gatewayKey('shop', 'edge'),
    version: null,
    order,
    serving: false,
    build: '0.1.0',
    instance: 'edge-0',
  },
  { type: 'token', token: 'ey' },
  { type: 'ack', version: 'v', refused: [{ id: 'Route/a', reason: 'odd' }] },
  {
    type: 'ports',
    unbound: [{ port: 80, protocol: 'UDP', code: 'EADDRINUSE', message: 'address already in use' }],
  },
  {
    type: 'quotas',
    near: [{ consumer: 'shop/ada', plan: 'gold', quota: 'day', used: 80, endsMs: 1_900_000_000_000 }],
  },
  { type: 'resync', order: null },
  { type: 'missingKey', keySet: 'KeySet/a', kid: 'k' },
];

describe('messages', () => {
  test('are read as they were said', () => {
    for (const message of said) assert.deepEqual({ ...dataPlaneMessage(messageLine(message)) }, message);
    for (const message of [
      { type: 'commit', version: 'v', order, base: null },
      { type: 'remove', id: 'Route/a' },
      { type: 'behind', order },
    ] as const) {
      assert.deepEqual({ ...controllerMessage(messageLine(message)) }, message);
    }
    const gone = { type: 'gone', connection: '7' } as const;
    assert.deepEqual({ ...peerMessage(messageLine(gone)) }, gone);
  });

  test('bring a resource with exactly the bytes it was encoded to', () => {
    fc.assert(
      fc.property(arbitraryResource, (resource) => {
        const encoded = encodeResource(resource);
        const put = controllerMessage(putLine(encoded).slice(0, -1));
        assert(put?.type === 'put');
        assert.equal(put.encoded, encoded);
        assert.equal(put.id, resource.id);
        assert.equal(encodeResource(putResource(put)), encoded);
      }),
    );
  });

  test('of a newer build are passed over', () => {
    assert.equal(dataPlaneMessage('{"type":"later"}'), null);
    assert.equal(controllerMessage('{"type":"toString"}'), null);
    assert.equal(peerMessage('{"type":"later","x":[]}'), null);
  });

  test('whose words no status could show are refused, and those of our own are made to be shown', () => {
    const port = (change: object) =>
      JSON.stringify({ type: 'ports', unbound: [{ port: 80, code: 'EACCES', message: '', ...change }] });
    const told = dataPlaneMessage(port({}));
    assert.equal(told?.type === 'ports' ? told.unbound[0]?.protocol : null, 'TCP', 'of an older build');
    const refusal = (reason: string) =>
      JSON.stringify({ type: 'ack', version: 'v', refused: [{ id: 'Route/a', reason }] });
    for (const line of [
      port({ port: 0 }),
      port({ port: 65_536 }),
      port({ port: '80' }),
      port({ protocol: 'SCTP' }),
      port({ code: '' }),
      port({ code: 'in use' }),
      port({ code: 'E'.repeat(65) }),
      port({ message: 'x'.repeat(257) }),
      port({ message: 'a\nb' }),
      port({ message: '\u001b[31m' }),
      port({ message: '\ud800' }),
      port({ message: null }),
      refusal('a\nb'),
      refusal('x'.repeat(257)),
      '{"type":"ports"}',
      '{"type":"ports","unbound":{}}',
      `{"type":"ports","unbound":[${Array.from({ length: 65 }, () => '{"port":80,"code":"E","message":""}').join()}]}`,
    ]) {
      assert.throws(() => dataPlaneMessage(line), SnapshotError, line);
    }
    const odd = `a\n\u001b${'é😀'.repeat(200)}`;
    const unbound = tellablePorts(
      Array.from({ length: 100 }, () => ({
        port: 80,
        protocol: 'TCP' as const,
        code: 'EACCES',
        message: odd,
      })),
    );
    assert.equal(unbound.length, 64);
    assert.match(unbound[0]?.message ?? '', /^a {2}é😀/);
    assert.notEqual(dataPlaneMessage(messageLine({ type: 'ports', unbound })), null);
    const refused = shortened([{ id: 'Route/a', reason: odd }]);
    assert.notEqual(dataPlaneMessage(messageLine({ type: 'ack', version: 'v', refused })), null);
  });

  test('of quotas that no status could show are refused, and no more are told than are taken', () => {
    const ada = { consumer: 'shop/ada', plan: 'gold', quota: 'day', used: 80, endsMs: 0 };
    for (const change of [
      { consumer: 'ada' },
      { consumer: 'shop/\u001b' },
      { plan: '' },
      { quota: 'a\nb' },
      { used: -1 },
      { used: 0.5 },
      { endsMs: 1e300 },
      { endsMs: 8.64e15 + 1 },
    ]) {
      const line = JSON.stringify({ type: 'quotas', near: [{ ...ada, ...change }] });
      assert.throws(() => dataPlaneMessage(line), SnapshotError, line);
    }
    const many = Array.from({ length: 200 }, (_, at) => ({ ...ada, used: at }));
    const near = tellableQuotas([...many, { ...ada, consumer: 'Ada of the door' }]);
    assert.deepEqual([near.length, near.at(-1)?.used], [100, 199]);
    assert.notEqual(dataPlaneMessage(messageLine({ type: 'quotas', near })), null);
  });

  test('of a follower of an older build lack what was added since', () => {
    const seen = { type: 'dataPlane', connection: '1', gateway: 'shop/edge', instance: 'a', version: null };
    const read = peerMessage(JSON.stringify({ ...seen, refused: [] }));
    assert.deepEqual(read?.type === 'dataPlane' ? [read.unbound, read.near] : null, [[], []]);
  });

  test('that are none are refused', () => {
    for (const line of [
      '',
      'null',
      '{}',
      '[]',
      '{"type":7}',
      '{"type":"ack"}',
      '{"type":"put"',
      '{"type":"put","resource":{}}',
    ]) {
      assert.throws(() => controllerMessage(line) === null && dataPlaneMessage(line), SnapshotError, line);
    }
  });
});

test('an order that is none is refused, and names that mean something to objects do no harm', () => {
  const behind = (kinds: string) => `{"type":"behind","order":{"lineage":"c","kinds":${kinds}}}`;
  const position = '{"seen":"7","state":"x"}';
  for (const kinds of [
    'null',
    '[]',
    '{"Service":null}',
    '{"Service":{"seen":"7"}}',
    '{"Service":{"seen":7,"state":"x"}}',
    '{"Service":{"seen":"-7","state":"x"}}',
    '{"Service":{"seen":"7","state":"x y"}}',
    `{"__proto__":${position}}`,
    `{"":${position}}`,
    `{${Array.from({ length: 65 }, (_, index) => `"K${index}":${position}`).join()}}`,
  ]) {
    assert.throws(() => controllerMessage(behind(kinds)), SnapshotError, kinds);
  }
  const read = controllerMessage(behind(`{"constructor":${position}}`));
  assert(read?.type === 'behind');
  assert.deepEqual(laggingKinds({ lineage: 'c', kinds: {} }, read.order), []);
});

describe('lines', () => {
  test('are the same however the bytes are cut', () => {
    const text = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '')));
    fc.assert(
      fc.property(text, fc.array(fc.nat(20)), (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
        const reader = new LineReader(1000);
        const read: string[] = [];
        let start = 0;
        for (const cut of cuts) {
          read.push(...reader.push(bytes.subarray(start, start + cut)));
          start += cut;
        }
        read.push(...reader.push(bytes.subarray(start)));
        assert.deepEqual(read, lines);
      }),
    );
  });

  test('over the limit are refused, whether they end or not', () => {
    for (const chunks of [
      ['x'.repeat(11)],
      [`${'x'.repeat(11)}\n`],
      ['x'.repeat(6), 'x'.repeat(5)],
      ['ok\n', 'xxxxxx', 'xxxxx\n'],
    ]) {
      const reader = new LineReader(10);
      assert.throws(
        () => chunks.map((chunk) => reader.push(Buffer.from(chunk))),
        (error) => error instanceof SnapshotError && error.failure === 'LineTooLong',
      );
    }
    assert.deepEqual(new LineReader(10).push(Buffer.from(`${'x'.repeat(10)}\n`)), ['x'.repeat(10)]);
  });

  test('that are no UTF-8 are refused', () => {
    assert.throws(() => new LineReader(10).push(Uint8Array.of(0xff, 0x0a)), SnapshotError);
  });
});
