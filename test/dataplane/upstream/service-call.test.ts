// Questions with much content: that a service gets all of it, and that it is held once while the service is slow.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Fields } from '#dataplane/http/fields.ts';
import type { ServiceRequest } from '#dataplane/http/service-call.ts';
import { givenBackend } from '#test/given/backend.ts';
import { asked, givenCallBy } from '#test/given/called-service.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';

function question(content: readonly Buffer[] | null): ServiceRequest {
  return { method: 'POST', path: '/', query: null, authority: 'doorman', fields: new Fields(), content };
}

const limits = { timeoutMs: 10_000, answerBytesMax: 64 * 1024 };

/** What is asked: pieces of all sizes. */
const parts = [randomBytes(5), randomBytes(3_000_000), Buffer.alloc(0), randomBytes(100_000)];

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heldOctets(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

describe('a question with much content', () => {
  it('comes whole and in order, by HTTP/1.1', async () => {
    await using backend = await givenBackend('doorman', {
      answer(request, response) {
        const came: Buffer[] = [];
        request.on('data', (data: Buffer) => came.push(data));
        request.on('end', () =>
          response.writeHead(Buffer.concat(came).equals(Buffer.concat(parts)) ? 200 : 400).end(),
        );
      },
    });
    using asking = givenCallBy('HTTP1', backend.port);
    const answer = await asking.call(asked, question(parts), limits);
    assert.ok(answer.kind === 'Answered');
    assert.equal(answer.status, 200);
  });

  it('comes whole and in order, by HTTP/2', async () => {
    await using backend = await anHttp2Backend((stream) => {
      const came: Buffer[] = [];
      stream.on('data', (data: Buffer) => came.push(data));
      stream.on('end', () => {
        stream.respond({ ':status': Buffer.concat(came).equals(Buffer.concat(parts)) ? 200 : 400 });
        stream.end();
      });
    });
    using asking = givenCallBy('HTTP2', backend.port);
    const answer = await asking.call(asked, question(parts), limits);
    assert.ok(answer.kind === 'Answered');
    assert.equal(answer.status, 200);
  });

  for (const protocol of ['HTTP1', 'HTTP2'] as const) {
    it(`may be answered before all of it is taken, by ${protocol}`, async () => {
      const content = [Buffer.alloc(8_000_000)];
      await using plain = await givenBackend('doorman', {
        answer: (_, response) => void response.writeHead(403).end('no'),
      });
      await using modern = await anHttp2Backend((stream) => {
        stream.respond({ ':status': 403 });
        stream.end('no');
      });
      using asking = givenCallBy(protocol, (protocol === 'HTTP1' ? plain : modern).port);
      const answer = await asking.call(asked, question(content), limits);
      assert.ok(answer.kind === 'Answered');
      assert.equal(answer.status, 403);
      assert.equal(answer.content.toString(), 'no');
    });

    it(`is held once while the service takes nothing, by ${protocol}`, async () => {
      const content = [Buffer.alloc(8_000_000)];
      await using plain = await givenBackend('doorman', { answer: (request) => void request.pause() });
      await using modern = await anHttp2Backend((stream) => void stream.pause());
      using asking = givenCallBy(protocol, (protocol === 'HTTP1' ? plain : modern).port);
      const before = heldOctets();
      const calls = Array.from({ length: 4 }, () =>
        asking.call(asked, question(content), { ...limits, timeoutMs: 300 }),
      );
      const all = Promise.all(calls);
      let most = 0;
      while ((await Promise.race([all, setImmediate(null)])) === null) {
        most = Math.max(most, heldOctets() - before);
      }
      assert.ok((await all).every(({ kind }) => kind === 'Failed'));
      assert.ok(most < 8_000_000, `${most} octets beside the content`);
    });
  }
});
