// A Redis that loses what it was told, or answers something else: nobody is let in by a list that may lack an entry.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import type { StreamEntry } from '#dataplane/filters/follow-stream.ts';
import { StreamFollower } from '#dataplane/filters/redis/stream-follower.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenRedis, ownRedisMissing, type GivenRedis } from '#test/given/redis.ts';

/** Follows `key` at the port, and remembers what it hears. */
function following(port: number, key: string, password: string | null = null) {
  const known = new Set<string>();
  const told: string[] = [];
  const take = (entries: readonly StreamEntry[], what: string): boolean => {
    for (const entry of entries) for (const [name, value] of entry) known.add(`${name} ${value}`);
    told.push(what);
    return true;
  };
  const follower = new StreamFollower({
    stream: {
      cluster: resourceId('Cluster', 'shop', 'redis', '6379', 'asked'),
      key,
      username: '',
      password: password === null ? null : new Secret(password),
      tls: null,
      maxStaleMs: 60_000,
    },
    events: {
      replaced: (entries) => take(entries, 'whole'),
      added: (entries) => take(entries, 'more'),
      failed: (reason) => void told.push(reason),
    },
    endpoint: () => ({ address: '127.0.0.1', port }),
    now: () => performance.now(),
    limits: { everyMs: 5, againMs: 20, answerMs: 100 },
  });
  return { known, told, [Symbol.dispose]: () => follower.stop() };
}

describe('a stream that was made anew', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let writer: Redis;

  before(async () => {
    redis = await givenRedis();
    writer = new Redis(redis.url);
  });
  after(async () => {
    writer.disconnect();
    await redis.stop();
  });

  it('by a clock that was behind is read from its begin, and what was known before stays', async () => {
    await writer.xadd('anew', '2000-0', 'jti', 'lost');
    using plane = following(Number(new URL(redis.url).port), 'anew');
    await eventually(() => assert.ok(plane.known.has('jti lost')));
    await writer
      .multi()
      .del('anew')
      .xadd('anew', '1000-0', 'jti', 'early')
      .xadd('anew', '3000-0', 'jti', 'late')
      .exec();
    await eventually(() => assert.ok(plane.known.has('jti late')));
    assert.ok(plane.known.has('jti early'));
    assert.deepEqual(
      plane.told.filter((what) => what !== 'more'),
      ['whole'],
      'nothing that was known is forgotten for that',
    );
  });
});

/** A server that answers each piece by what `answer` says; nothing for null. */
async function aServer(answer: (piece: string, socket: Socket) => string | null) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      const told = answer(piece.toString('latin1'), socket);
      if (told !== null) socket.write(told);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const info = `*4\r\n${bulk('length')}:1\r\n${bulk('last-generated-id')}${bulk('5-0')}`;

const page = `*1\r\n*2\r\n${bulk('5-0')}*2\r\n${bulk('jti')}${bulk('one')}`;

const replies: Readonly<Record<string, string>> = { xinfo: info, xrange: page };

describe('a server that', () => {
  const answers: Readonly<Record<string, (piece: string) => string | null>> = {
    'never answers': () => null,
    'answers octets that are no Redis': () => 'HTTP/1.1 400 Bad Request\r\n\r\n',
    'answers another thing': () => '+OK\r\n',
    'tells no id': () => `*2\r\n${bulk('last-generated-id')}${bulk('-')}`,
    'tells entries that are none': (piece) => (/xinfo/iu.test(piece) ? info : `*1\r\n${bulk('x')}`),
    'tells entries without end': (piece) =>
      /xinfo/iu.test(piece)
        ? info
        : `*1000\r\n${`*2\r\n${bulk('5-0')}*2\r\n${bulk('jti')}${bulk('a')}`.repeat(1000)}`,
    'begins a long answer and goes on no more': (piece) =>
      /xinfo/iu.test(piece) ? info : `*1\r\n*2\r\n${bulk('5-0')}*2\r\n${bulk('jti')}$400000000\r\nabc`,
  };
  for (const [what, answer] of Object.entries(answers)) {
    for (const password of [null, 'secret']) {
      it(`${what} is no list, and is asked anew${password === null ? '' : ', with a password'}`, async () => {
        let isWell = false;
        await using server = await aServer((piece) => {
          if (!isWell) return answer(piece);
          const commands = [...piece.matchAll(/\*\d+\r\n\$\d+\r\n(?<name>\w+)/gu)];
          return commands.map(({ groups }) => replies[groups?.['name'] ?? ''] ?? '+OK\r\n').join('');
        });
        using plane = following(server.port, 'any', password);
        await eventually(() => assert.ok(plane.told.length > 0));
        assert.ok(!plane.told.some((one) => one === 'whole' || one === 'more' || one.includes('secret')));
        isWell = true;
        await eventually(() => assert.ok(plane.known.has('jti one'), plane.told.join()));
      });
    }
  }
});
