// Services that are asked whether a request may pass, and answer in every other way; and what clients could make of that.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { describe, it } from 'node:test';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { CrossOrigin } from '#dataplane/filters/cors.ts';
import type { RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import { answerTo } from '#dataplane/proxy/answer.ts';
import { externalDefaults, type ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { givenBackend } from '#test/given/backend.ts';
import { asked, givenCallBy } from '#test/given/called-service.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import { aRawClient } from '#test/given/raw-client.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { aRule } from '#test/given/runtime.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate } from '#test/dataplane/filters/authenticate/gate.ts';

function terms(changes: Partial<ExternalAuthorization>): ExternalAuthorization {
  return {
    ...externalDefaults,
    service: { cluster: asked, authority: 'doorman.shop.svc:80', path: '', timeoutMs: 1000 },
    headersToService: null,
    headersToBackend: null,
    headersToClient: null,
    failOpen: false,
    cache: null,
    ...changes,
  };
}

/** A policy that asks a service. */
interface Asking extends AsyncDisposable {
  readonly filter: RequestFilter;
  /** Of the clock, in milliseconds. */
  readonly later: (ms: number) => void;
}

async function byHttp(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  changes: Partial<ExternalAuthorization> = {},
): Promise<Asking> {
  const backend = await givenBackend('doorman', { answer });
  return asking(backend, terms({ headersToService: [], headersToBackend: [], ...changes }));
}

async function byGrpc(
  answer: (stream: ServerHttp2Stream) => void,
  changes: Partial<ExternalAuthorization> = {},
): Promise<Asking> {
  return asking(await anHttp2Backend(answer), terms({ protocol: 'GRPC', ...changes }));
}

function asking(
  backend: AsyncDisposable & { readonly port: number },
  external: ExternalAuthorization,
): Asking {
  const by = givenCallBy(external.protocol === 'GRPC' ? 'HTTP2' : 'HTTP1', backend.port);
  const made = gate({}, by.call);
  return {
    filter: made.filter({ ...givenAuthentication(), alternatives: [], external }),
    later: (ms) => void (made.clock += ms),
    async [Symbol.asyncDispose]() {
      by[Symbol.dispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

/** A member of a message: its number, and octets, text, or a number. */
type Member = readonly [number, Uint8Array | string | number];

function message(...members: readonly Member[]): Buffer {
  const writer = new BinaryWriter();
  for (const [number, value] of members) {
    if (typeof value === 'number') writer.tag(number, WireType.Varint).int32(value);
    else writer.tag(number, WireType.LengthDelimited).bytes(Buffer.from(value));
  }
  return Buffer.from(writer.finish());
}

function header(name: string, value: string): Buffer {
  return message([1, message([1, name], [2, value])]);
}

function telling(octets: Buffer) {
  return (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(octets.length, 1);
    stream.end(Buffer.concat([head, octets]));
  };
}

const kindOf = (verdict: Verdict): string => verdict?.kind ?? 'pass';

async function ask(
  { filter }: Asking,
  target = '/',
  client: Parameters<typeof givenExchange>[1] = {},
): Promise<string> {
  return kindOf(await filter.apply(givenExchange(givenRequest({ target }), client)));
}

describe('a service that answers, where requests may pass without a decision', () => {
  const long = 'x'.repeat(70_000);
  const denied = (...members: readonly Member[]) => telling(message([2, message(...members)]));
  const open = { failOpen: true };
  const answers: Readonly<Record<string, Readonly<Record<string, () => Promise<Asking>>>>> = {
    AuthorizationUnavailable: {
      'a refusal that is long': () =>
        byHttp((_request, response) => void response.writeHead(403).end(long), open),
      'a refusal that is cut': () =>
        byHttp((_request, response) => {
          response.writeHead(403, { 'content-length': 10 });
          response.write('abc', () => response.socket?.destroy());
        }, open),
      'a refusal that does not end': () =>
        byHttp((_request, response) => void response.writeHead(403).write('abc'), {
          ...open,
          service: { ...terms({}).service, timeoutMs: 100 },
        }),
      'a refusal by gRPC that is long': () => byGrpc(denied([3, long]), open),
      'a consent with a field that cannot be sent': () =>
        byGrpc(telling(message([1, message()], [3, message([2, header('x-user', 'ada\n')])])), open),
    },
    DeniedByService: {
      'a refusal with a field that cannot be sent': () =>
        byGrpc(denied([2, header('location', '/login?to=/\r\n')]), open),
      'a refusal with a field that has no name': () => byGrpc(denied([2, header('a b', 'c')]), open),
    },
  };
  for (const [told, all] of Object.entries(answers)) {
    for (const [what, given] of Object.entries(all)) {
      it(`lets nobody pass by ${what}`, async () => {
        await using one = await given();
        assert.equal(await ask(one), told);
      });
    }
  }

  it('that breaks in the middle of an error is no decision', async () => {
    await using one = await byHttp(
      (_request, response) => {
        response.writeHead(500, { 'content-length': 10 });
        response.write('abc', () => response.socket?.destroy());
      },
      { failOpen: true },
    );
    assert.equal(await ask(one), 'pass');
  });

  it('that is not well with some requests is asked about all others', async () => {
    await using one = await byHttp(
      ({ url }, response) => void response.writeHead(url === '/ill' ? 500 : 403).end(),
      { failOpen: true },
    );
    for (let count = 0; count < 6; count += 1) assert.equal(await ask(one, '/ill'), 'pass');
    assert.equal(await ask(one, '/well'), 'DeniedByService');
  });
});

describe('a service that does not answer about much content', () => {
  it('has no more of it held than there is room for, and is asked about what has none', async () => {
    const asked: string[] = [];
    await using one = await byHttp(({ url = '' }) => void asked.push(url), {
      body: { bytesMax: 2 ** 22, beyond: 'Refuse' },
      failOpen: true,
      service: { ...terms({}).service, timeoutMs: 2000 },
    });
    const content = Buffer.alloc(2 ** 22, 'x');
    const many = Array.from({ length: 40 }, () => ask(one, '/much', { content }));
    const refused = await Promise.race([Promise.all(many.slice(9)), Promise.any(many.slice(0, 9))]);
    assert.deepEqual(new Set(refused), new Set(['Overloaded']));
    void ask(one, '/none');
    await eventually(() => assert.ok(asked.includes('/none')));
    assert.ok(asked.filter((url) => url === '/much').length <= 9);
    await Promise.all(many);
    assert.notEqual(await ask(one, '/much', { content }), 'Overloaded');
  });
});

describe('a refusal', () => {
  it('has of the fields that the service names those that can be sent', async () => {
    const names = [
      header(':status', '200'),
      header('content-length', '7'),
      header('transfer-encoding', 'chunked'),
      header('connection', 'x-a'),
      header('date', 'today'),
      header('location', '/login\r\nset-cookie: a=b'),
      header('location', '/login'),
    ];
    await using one = await byGrpc(
      telling(message([2, message(...names.map((option) => [2, option] as const), [3, 'no'])])),
    );
    const verdict = await one.filter.apply(givenExchange());
    assert.ok(verdict?.kind === 'DeniedByService');
    const { fields, body } = answerTo(verdict);
    assert.deepEqual([fields.flat, body.toString()], [['location', 'location: /login\r\n'], 'no']);
  });
});

it('a refusal says nothing of origins where its rule does', async () => {
  const origins = new CrossOrigin({
    kind: 'Cors',
    origins: ['https://app.example'],
    credentials: true,
    methods: [],
    headers: [],
    exposed: [],
    maxAgeS: 5,
  });
  await using one = await byHttp(
    (_request, response) =>
      void response
        .writeHead(403, {
          'Access-Control-Allow-Origin': '*',
          'Access-Control-Allow-Credentials': 'true',
          'X-Why': 'no',
        })
        .end(),
    { headersToClient: null },
  );
  using dataPlane = await givenDataPlane([], {
    rule: (cluster) =>
      aRule(cluster, {
        requestFilters: [origins, one.filter],
        responseFilters: [origins.answerFilter],
      }),
  });
  const said = async (origin: string) => {
    using client = await aRawClient(dataPlane.port);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nOrigin: ${origin}\r\n\r\n`);
    const head = await client.until((octets) => octets.includes('\r\n\r\n'));
    assert.match(head, /^HTTP\/1.1 403 .*\r\nx-why: no\r\n/isu);
    return head.match(/^access-control-.*/gimu)?.map((line) => line.toLowerCase().trim()) ?? [];
  };
  assert.deepEqual(await said('https://app.example'), [
    'access-control-allow-origin: https://app.example',
    'access-control-allow-credentials: true',
  ]);
  assert.deepEqual(await said('https://evil.example'), []);
});

describe('a decision that is kept', () => {
  const cache = { headers: [], forMs: 10_000 };

  it('hands no cookie of one client to others', async () => {
    let count = 0;
    const cookie = () => `session=${(count += 1)}`;
    await using http = await byHttp(
      (_request, response) => void response.writeHead(401, { 'set-cookie': cookie() }).end(),
      { cache },
    );
    await using refused = await byGrpc(
      (stream) => telling(message([2, message([2, header('set-cookie', cookie())])]))(stream),
      { cache },
    );
    await using passed = await byGrpc(
      (stream) => telling(message([1, message()], [3, message([6, header('set-cookie', cookie())])]))(stream),
      { cache },
    );
    for (const one of [http, refused, passed]) {
      const before = count;
      for (let round = 0; round < 2; round += 1) await ask(one);
      assert.equal(count, before + 2);
    }
  });

  it('holds for nobody else by gRPC, which tells the service who it is', async () => {
    let questions = 0;
    await using one = await byGrpc(
      (stream) => {
        questions += 1;
        telling(message([1, message()]))(stream);
      },
      { cache },
    );
    const certificate = (fingerprint: string) => ({
      fingerprint,
      der: new Uint8Array(),
      pem: '',
      subject: fingerprint,
      issuer: '',
      notAfterMs: 0,
    });
    const clients = [
      {},
      { address: '192.0.2.7' },
      { secure: true },
      { secure: true, serverName: 'a.example' },
      { secure: true, certificate: certificate('ada') },
      { secure: true, certificate: certificate('bob') },
    ];
    for (const client of [...clients, ...clients]) assert.equal(await ask(one, '/', { client }), 'pass');
    assert.equal(questions, clients.length);
  });
});
