// Answers of gRPC that are none, or none to go by: whatever they are, nobody passes. What real ones come to is for
// e2e/engine/ext-authz.test.ts.
import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { describe, it } from 'node:test';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { decodeCheckResponse } from '#dataplane/filters/authenticate/check-message.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { ServiceRequest } from '#dataplane/http/service-call.ts';
import { externalDefaults, type ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { asked, givenCallBy } from '#test/given/called-service.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate } from './gate.ts';

function given(terms: Partial<ExternalAuthorization> = {}): ExternalAuthorization {
  return {
    ...externalDefaults,
    protocol: 'GRPC',
    service: { cluster: asked, authority: 'doorman.shop.svc:80', path: '', timeoutMs: 250 },
    headersToService: null,
    headersToBackend: null,
    headersToClient: null,
    failOpen: false,
    cache: null,
    ...terms,
  };
}

/** A CheckResponse of members by number: octets, or a number. */
function message(...members: readonly (readonly [number, Uint8Array | number])[]): Buffer {
  const writer = new BinaryWriter();
  for (const [number, value] of members) {
    if (typeof value === 'number') writer.tag(number, WireType.Varint).int32(value);
    else writer.tag(number, WireType.LengthDelimited).bytes(value);
  }
  return Buffer.from(writer.finish());
}

/** The octets of the last member of this number. */
function memberOf(octets: Buffer, wanted: number): Buffer {
  const reader = new BinaryReader(octets);
  let found = Buffer.alloc(0);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === wanted && type === WireType.LengthDelimited) found = Buffer.from(reader.bytes());
    else reader.skip(type, number);
  }
  return found;
}

function framed(octets: Buffer, flag = 0): Buffer {
  const head = Buffer.of(flag, 0, 0, 0, 0);
  head.writeUInt32BE(octets.length, 1);
  return Buffer.concat([head, octets]);
}

const allowed = message([1, message()]);
const grpc = { ':status': 200, 'content-type': 'application/grpc' };

/** Answers a call by these octets and trailers. */
function telling(octets: Buffer, trailers: Readonly<Record<string, string>> = { 'grpc-status': '0' }) {
  return (stream: ServerHttp2Stream): void => {
    stream.respond(grpc, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(octets);
  };
}

async function verdictBy(
  respond: (stream: ServerHttp2Stream) => void,
  terms: Partial<ExternalAuthorization> = {},
  exchange: Exchange = givenExchange(givenRequest()),
) {
  await using backend = await anHttp2Backend(respond);
  using asking = givenCallBy('HTTP2', backend.port);
  const authentication = { ...givenAuthentication(), alternatives: [], external: given(terms) };
  const verdict = await gate({}, asking.call).filter(authentication).apply(exchange);
  return { verdict: verdict?.kind ?? 'pass', seen: backend.seen };
}

describe('a service that is asked by gRPC', () => {
  it('is called as gRPC has it', async () => {
    const { verdict, seen } = await verdictBy(telling(framed(allowed)));
    assert.equal(verdict, 'pass');
    const headers = seen[0]?.headers ?? assert.fail('nobody was asked');
    assert.deepEqual(
      [':method', ':path', 'content-type', 'te', 'grpc-timeout'].map((name) => headers[name]),
      ['POST', '/envoy.service.auth.v3.Authorization/Check', 'application/grpc', 'trailers', '250m'],
    );
  });

  const none: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
    'no message': telling(Buffer.alloc(0)),
    'an empty message': telling(framed(Buffer.alloc(0))),
    'a torn frame': telling(framed(allowed).subarray(0, 6)),
    'a frame that is too long': telling(Buffer.concat([framed(allowed), Buffer.of(0)])),
    'two messages': telling(Buffer.concat([framed(allowed), framed(allowed)])),
    'a compressed message': telling(framed(allowed, 1)),
    'octets that are no message': telling(framed(Buffer.from([0x0a, 0xff, 0xff, 0x03]))),
    'a status that failed': telling(framed(allowed), { 'grpc-status': '2' }),
    'no status': telling(framed(allowed), { 'x-other': '0' }),
    'a status that is none': telling(framed(allowed), { 'grpc-status': '0x0' }),
    'a failure in place of an answer': (stream) =>
      stream.respond({ ...grpc, 'grpc-status': 14 }, { endStream: true }),
    'an answer of HTTP': (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('ok');
    },
    'another status of HTTP': (stream) => stream.respond({ ...grpc, ':status': 503 }, { endStream: true }),
    'a reset': (stream) => stream.close(2),
    'no answer in time': () => undefined,
  };
  for (const [what, respond] of Object.entries(none)) {
    it(`lets nobody pass by ${what}, but where that is asked for`, async () => {
      assert.equal((await verdictBy(respond)).verdict, 'AuthorizationUnavailable');
      assert.equal((await verdictBy(respond, { failOpen: true })).verdict, 'pass');
    });
  }

  const refusals: Readonly<Record<string, Buffer>> = {
    'a status': message([1, message([1, 7])]),
    'a status told in two pieces, of which the last says nothing': message(
      [1, message([1, 7])],
      [1, message()],
    ),
    'an answer that says both': message([1, message()], [2, message()], [3, message()]),
    'words without a status': message([2, message([3, Buffer.from('no')])]),
    'a status below zero': message([1, message([1, -1])]),
    'a status of HTTP that has no content': message([
      2,
      message([1, message([1, 204])], [3, Buffer.from('no')]),
    ]),
    'a status of HTTP that is none': message([2, message([1, message([1, 101])])]),
  };
  for (const [what, octets] of Object.entries(refusals)) {
    it(`refuses by ${what}, also where requests may pass without a decision`, async () => {
      const { verdict } = await verdictBy(telling(framed(octets)), { failOpen: true });
      assert.equal(verdict, 'DeniedByService');
    });
  }

  for (const [what, content] of Object.entries({
    text: Buffer.from('a=1&b=ä'),
    'no text': Buffer.of(0xff, 0xfe),
    nothing: Buffer.alloc(0),
  })) {
    it(`is told content that is ${what}, which is not copied for that`, async () => {
      const questions: ServiceRequest[] = [];
      const one = gate({}, (_, question) => {
        questions.push(question);
        return Promise.resolve({ kind: 'Failed', detail: 'enough' });
      });
      const body = { bytesMax: 100, beyond: 'Refuse' } as const;
      const authentication = { ...givenAuthentication(), alternatives: [], external: given({ body }) };
      await one.filter(authentication).apply(givenExchange(givenRequest(), { content }));
      const parts = questions[0]?.content ?? assert.fail('nobody was asked');
      assert.equal(parts.at(-1), content);
      const frame = Buffer.concat(parts);
      assert.equal(frame.readUInt32BE(1), frame.length - 5);
      const inside = [1, 4, 2, what === 'no text' ? 12 : 11].reduce(memberOf, frame.subarray(5));
      assert.deepEqual(inside, content);
    });
  }

  it('takes a field from the client that it sets, in every spelling, and no field that cannot be sent', async () => {
    const option = (name: string, value: string) =>
      message([2, message([1, message([1, Buffer.from(name)], [2, Buffer.from(value)])])]);
    const exchange = givenExchange(
      givenRequest({
        fields: [
          ['X_User', 'root'],
          ['x-user', 'root'],
        ],
      }),
    );
    const good = message([1, message()], [3, option('X-User', 'ada')]);
    assert.equal((await verdictBy(telling(framed(good)), {}, exchange)).verdict, 'pass');
    const names = Array.from({ length: exchange.forwarded.fields.size }, (_, line) =>
      exchange.forwarded.fields.lineAt(line),
    );
    assert.deepEqual(names, ['x-user: ada\r\n']);
    for (const [name, value] of [
      ['x-user', 'a\nb'],
      ['x user', 'a'],
      ['', 'a'],
    ] as const) {
      const bad = message([1, message()], [3, option(name, value)]);
      assert.equal((await verdictBy(telling(framed(bad)))).verdict, 'AuthorizationUnavailable');
    }
  });
});

describe('octets of anybody as a CheckResponse', () => {
  it('are read or refused, and never more than that', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        try {
          decodeCheckResponse(octets);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
    );
  });

  it('say the same with members nobody knows', () => {
    const known = message([1, message([1, 7])]);
    const more = message([100, 5], [101, Buffer.from('x')]);
    assert.ok(new BinaryReader(more).len > 0);
    assert.deepEqual(decodeCheckResponse(Buffer.concat([more, known])), decodeCheckResponse(known));
  });
});
