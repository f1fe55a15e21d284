import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultClientRules } from '#dataplane/compile/client-rules.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { aRawBackend, plainAnswer } from '#test/given/raw-backend.ts';
import { converse } from '#test/given/raw-client.ts';
import { aBackend, aForward, aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import type { DataPlaneChoices } from '#test/given/data-plane.ts';
import type { Respond } from '#test/given/raw-backend.ts';

const message = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

const answerWithTrailers =
  'HTTP/1.1 200 OK\r\nContent-Type: application/grpc+proto\r\nTransfer-Encoding: chunked\r\n\r\n' +
  `7\r\n${message.toString('latin1')}\r\n0\r\ngrpc-status: 0\r\nx-mark: a\r\n\r\n`;

const trailers = 'grpc-status: 0\r\nx-mark: a\r\n';
const trailerFrame = Buffer.concat([Buffer.from([0x80, 0, 0, 0, trailers.length]), Buffer.from(trailers)]);

/** A port whose clients may speak gRPC-Web. */
const choices: DataPlaneChoices = {
  runtime: (cluster) => {
    const rule = aRule(cluster, { action: aForward(aBackend(cluster)) });
    return aRuntime({ ...aPort(80, { '': () => rule }), client: { ...defaultClientRules, grpcWeb: true } });
  },
};

async function call(
  type: string,
  content: string,
  given: { readonly respond?: Respond; readonly choices?: DataPlaneChoices } = {},
) {
  await using backend = await aRawBackend(given.respond ?? (() => answerWithTrailers));
  using dataPlane = await givenDataPlane([backend.port], given.choices ?? choices);
  const { answers } = await converse(
    dataPlane.port,
    `POST /shop.Cart/Add HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${content.length}\r\n\r\n${content}`,
  );
  const [answer] = answers;
  assert.ok(answer, 'no answer');
  return { answer, seen: backend.seen[0], record: dataPlane.records[0] };
}

const binary = message.toString('latin1');

describe('gRPC-Web', () => {
  it('is a call of gRPC to the backend, and its trailers are the last frame', async () => {
    const { answer, seen, record } = await call('application/grpc-web+proto', binary);
    assert.match(seen?.head ?? '', /^Content-Type: application\/grpc\+proto$/mu);
    assert.match(seen?.head ?? '', /^TE: trailers$/mu);
    assert.equal(seen?.body, binary);
    assert.match(answer.head, /^Content-Type: application\/grpc-web\+proto$/mu);
    assert.equal(answer.body, Buffer.concat([message, trailerFrame]).toString('latin1'));
    assert.equal(record?.grpcStatus, 0);
  });

  it('is base64 both ways as text, in segments with padding anywhere', async () => {
    const first = message.subarray(0, 4).toString('base64');
    const second = message.subarray(4).toString('base64');
    const { answer, seen } = await call('application/grpc-web-text', first + second);
    assert.equal(seen?.body, binary);
    assert.match(answer.head, /^Content-Type: application\/grpc-web-text$/mu);
    const segments = answer.body.match(/[^=]+={0,2}/gu) ?? [];
    const octets = Buffer.concat(segments.map((segment) => Buffer.from(segment, 'base64')));
    assert.deepEqual(octets, Buffer.concat([message, trailerFrame]));
  });

  it('is told of a failure by status in a head alone', async () => {
    const { answer } = await call('application/grpc-web', binary, {
      choices: {
        runtime: () =>
          aRuntime({ ...aPort(80, { '': () => null }), client: { ...defaultClientRules, grpcWeb: true } }),
      },
    });
    assert.equal(answer.status, 200);
    assert.match(answer.head, /^Content-Type: application\/grpc-web$/mu);
    assert.match(answer.head, /^grpc-status: 12$/mu);
    assert.equal(answer.body, '');
  });

  it('that is no base64 fails, and nothing of it is believed', async () => {
    for (const content of ['AAAA*AAA', 'AAA', 'A===']) {
      const { answer } = await call('application/grpc-web-text', content);
      assert.match(answer.head, /^grpc-status: 13$/mu, content);
    }
  });

  it('is not for other content, nor where it is not asked for', async () => {
    const respond: Respond = () => plainAnswer;
    const other = await call('application/json', '{}', { respond });
    assert.match(other.seen?.head ?? '', /^Content-Type: application\/json$/mu);
    assert.equal(other.answer.body, 'ok');
    const plain = await call('application/grpc-web', binary, { respond, choices: {} });
    assert.match(plain.seen?.head ?? '', /^Content-Type: application\/grpc-web$/mu);
  });
});
