import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fields } from '#dataplane/http/fields.ts';
import { grpcCallOf, grpcStatusOf, isGrpc } from '#dataplane/http/grpc.ts';
import { grpcAnswerTo } from '#dataplane/proxy/answer.ts';

function fieldsOf(...lines: readonly (readonly [string, string])[]): Fields {
  const fields = new Fields();
  for (const [name, value] of lines) fields.append(name, value);
  return fields;
}

const call = ['content-type', 'application/grpc+proto'] as const;

describe('gRPC', () => {
  for (const type of ['application/grpc', 'application/grpc+proto', 'Application/gRPC;x=y']) {
    it(`is content of ${type}`, () => assert.equal(isGrpc(type), true));
  }
  for (const type of [undefined, '', 'application/grpc-web', 'application/grpcx', 'text/plain']) {
    it(`is not content of ${type}`, () => assert.equal(isGrpc(type), false));
  }

  it('takes as long as its caller says, in every unit', () => {
    const times = {
      '1H': 3_600_000,
      '2M': 120_000,
      '3S': 3000,
      '4m': 4,
      '5000u': 5,
      '1n': 1,
      '99999999m': 99_999_999,
    };
    for (const [text, timeoutMs] of Object.entries(times)) {
      assert.deepEqual(grpcCallOf(fieldsOf(call, ['grpc-timeout', text])), { timeoutMs }, text);
    }
    assert.deepEqual(grpcCallOf(fieldsOf(call)), { timeoutMs: Number.POSITIVE_INFINITY });
    assert.equal(grpcCallOf(fieldsOf(['grpc-timeout', '1S'])), null);
  });

  it('is malformed with a time-out that cannot be read', () => {
    for (const text of ['', '1', 'S', '-1S', '1.5S', '100000000S', '1x', ' 1S', '1 S']) {
      assert.equal(grpcCallOf(fieldsOf(call, ['grpc-timeout', text])), 'Malformed', text);
    }
    assert.equal(grpcCallOf(fieldsOf(call, ['grpc-timeout', '1S'], ['grpc-timeout', '2S'])), 'Malformed');
  });

  it('tells the status of a call, and none where it is not a number', () => {
    assert.equal(grpcStatusOf(fieldsOf(['grpc-status', '14'])), 14);
    for (const text of ['', '-1', 'x', '1000'])
      assert.equal(grpcStatusOf(fieldsOf(['grpc-status', text])), null);
  });

  it('fails by a status of its own, in a head that is all of the answer', () => {
    const answer = grpcAnswerTo({
      kind: 'Unauthenticated',
      error: 'missing',
      challenges: [],
      detail: 'no token',
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.length, 0);
    assert.equal(answer.fields.get('content-type'), 'application/grpc');
    assert.equal(answer.fields.get('grpc-status'), '16');
    assert.doesNotMatch(answer.fields.get('grpc-message') ?? '', /no token/u);
  });

  for (const [kind, failure] of Object.entries({
    RateLimited: { kind: 'RateLimited', retryAfterS: 300, denial: null, detail: '' },
    GuessingBlocked: { kind: 'GuessingBlocked', retryAfterS: 299.1, detail: '' },
  } as const)) {
    it(`says when it may be made again: ${kind}`, () => {
      const { fields } = grpcAnswerTo(failure);
      const words = fields.get('grpc-message') ?? '';
      const type = 'type.googleapis.com/google.rpc.RetryInfo';
      // RetryInfo { retry_delay: { seconds: 300 } }, in an Any, in a Status
      const details = [0x1a, 2 + type.length + 7, 0x0a, type.length, ...Buffer.from(type), 0x12, 5];
      const status = [
        0x08,
        8,
        0x12,
        words.length,
        ...Buffer.from(words),
        ...details,
        0x0a,
        3,
        0x08,
        0xac,
        0x02,
      ];
      assert.equal(fields.get('grpc-status'), '8');
      const told = fields.get('grpc-status-details-bin') ?? '';
      assert.deepEqual(Buffer.from(told, 'base64'), Buffer.from(status));
      assert.doesNotMatch(told, /=/u, 'gRPC wants no padding');
    });
  }
});
