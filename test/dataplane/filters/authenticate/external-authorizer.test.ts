import assert from 'node:assert/strict';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import type { Exchange, Verdict } from '#dataplane/http/exchange.ts';
import { answerTo, statusOf } from '#dataplane/proxy/answer.ts';
import { externalDefaults, type ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { givenBackend } from '#test/given/backend.ts';
import { asked, givenCall } from '#test/given/called-service.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate } from './gate.ts';

function given(terms: Partial<ExternalAuthorization> = {}): ExternalAuthorization {
  return {
    service: { cluster: asked, authority: 'doorman.shop.svc:80', path: '/check', timeoutMs: 1000 },
    headersToService: [],
    headersToBackend: [],
    headersToClient: [],
    ...externalDefaults,
    failOpen: false,
    cache: null,
    ...terms,
  };
}

interface Question {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  /** What has come of it. */
  content: string;
}

async function givenDoorman(answer: (response: ServerResponse) => void) {
  const questions: Question[] = [];
  const backend = await givenBackend('doorman', {
    answer(request, response) {
      const { method = '', url = '', headers } = request;
      const question = { line: `${method} ${url}`, headers, content: '' };
      questions.push(question);
      request.on('data', (data: Buffer) => (question.content += data.toString('latin1')));
      request.on('end', () => answer(response));
    },
  });
  const asking = givenCall(backend.port);
  return {
    questions,
    backend,
    made(terms: Partial<ExternalAuthorization> = {}) {
      const one = gate({}, asking.call);
      const authentication = { ...givenAuthentication(), alternatives: [], external: given(terms) };
      return { gate: one, filter: one.filter(authentication) };
    },
    async [Symbol.asyncDispose]() {
      asking[Symbol.dispose]();
      await backend.stop();
    },
  };
}

function asking(fields: readonly (readonly [string, string])[] = [], target = '/cart?x=1'): Exchange {
  return givenExchange(givenRequest({ method: 'POST', host: 'Shop.example', target, fields }));
}

const allow = (response: ServerResponse): void => void response.end();

function kindOf(verdict: Verdict): string {
  return verdict === null ? 'pass' : verdict.kind;
}

describe('a service that is asked whether a request may pass', () => {
  it('sees the head that it is told, and lets the request pass by 200', async () => {
    await using doorman = await givenDoorman((response) => {
      response.setHeader('x-user', 'ada').setHeader('x-other', 'no').end('ignored');
    });
    const { filter } = doorman.made({ headersToService: ['x-tenant'], headersToBackend: ['x-user'] });
    const exchange = asking([
      ['Authorization', 'Bearer t'],
      ['X-Tenant', 'a'],
      ['Cookie', 'secret=1'],
      ['X_User', 'root'],
      ['X-User', 'root'],
    ]);
    assert.equal(kindOf(await filter.apply(exchange)), 'pass');
    const [question] = doorman.questions;
    assert.equal(question?.line, 'POST /check/cart?x=1');
    assert.equal(question.headers.host, 'Shop.example');
    assert.equal(question.headers.authorization, 'Bearer t');
    assert.equal(question.headers['x-tenant'], 'a');
    assert.equal(question.headers['content-length'], '0');
    assert.equal(question.headers.cookie, undefined);
    assert.equal(exchange.forwarded.fields.joined('x-user'), 'ada');
    assert.equal(exchange.forwarded.fields.get('x_user'), undefined);
    assert.equal(exchange.forwarded.fields.get('x-other'), undefined);
  });

  for (const status of [302, 401, 403, 404, 429]) {
    it(`tells the client its answer ${status}, and nothing of its own connection`, async () => {
      await using doorman = await givenDoorman((response) => {
        response.writeHead(status, {
          location: 'https://id.example/login',
          'set-cookie': ['a=1', 'b=2'],
          'content-type': 'text/plain',
          'x-secret': 'inside',
          connection: 'keep-alive',
          'x-more': 'told',
        });
        response.end('not you');
      });
      const { filter } = doorman.made({ headersToClient: ['x-more', 'connection', 'content-length'] });
      const verdict = await filter.apply(asking());
      assert.ok(verdict?.kind === 'DeniedByService');
      assert.equal(statusOf(verdict), status);
      const answer = answerTo(verdict);
      assert.equal(answer.status, status);
      assert.equal(answer.body.toString(), 'not you');
      assert.equal(answer.fields.get('location'), 'https://id.example/login');
      assert.equal(answer.fields.get('x-more'), 'told');
      assert.equal(answer.fields.joined('set-cookie'), 'a=1, b=2');
      for (const name of ['x-secret', 'connection', 'content-length']) {
        assert.equal(answer.fields.get(name), undefined, name);
      }
    });
  }

  const undecided: Readonly<Record<string, (response: ServerResponse) => void>> = {
    'an error': (response) => void response.writeHead(500).end(),
    'another success': (response) => void response.writeHead(204).end(),
    'no answer in time': () => undefined,
    'an end': (response) => void response.socket?.destroy(),
  };
  for (const [what, answer] of Object.entries(undecided)) {
    it(`closes for ${what}, and opens only where that is asked for`, async () => {
      await using doorman = await givenDoorman(answer);
      const service = { ...given().service, timeoutMs: 200 };
      const closed = doorman.made({ service, headersToBackend: ['x-user'] });
      const verdict = await closed.filter.apply(asking());
      assert.ok(verdict?.kind === 'AuthorizationUnavailable');
      assert.equal(statusOf(verdict), 503);
      const open = doorman.made({ service, failOpen: true, headersToBackend: ['x-user'] });
      const exchange = asking([['X-User', 'root']]);
      assert.equal(kindOf(await open.filter.apply(exchange)), 'pass');
      assert.equal(exchange.forwarded.fields.get('x-user'), undefined);
    });
  }

  it('closes where nobody is there', async () => {
    await using doorman = await givenDoorman(allow);
    const { filter } = doorman.made();
    await doorman.backend.stop();
    assert.equal(kindOf(await filter.apply(asking())), 'AuthorizationUnavailable');
  });

  it('is asked once for equal requests where decisions are kept, and never for others', async () => {
    let status = 200;
    await using doorman = await givenDoorman((response) => void response.writeHead(status).end());
    const one = doorman.made({ cache: { headers: ['x-tenant'], forMs: 1000 } });
    const ask = async (...fields: readonly (readonly [string, string])[]) =>
      kindOf(await one.filter.apply(asking(fields)));
    assert.equal(await ask(['X-Tenant', 'a'], ['Authorization', 'one']), 'pass');
    status = 403;
    assert.equal(await ask(['X-Tenant', 'a'], ['Authorization', 'one'], ['X-Other', 'b']), 'pass');
    assert.equal(doorman.questions.length, 1);
    assert.equal(await ask(['X-Tenant', 'b'], ['Authorization', 'one']), 'DeniedByService');
    assert.equal(await ask(['X-Tenant', 'a'], ['Authorization', 'two']), 'DeniedByService');
    assert.equal(await ask(['X-Tenant', 'a']), 'DeniedByService');
    assert.equal(kindOf(await one.filter.apply(asking([['X-Tenant', 'a']], '/cart?x=2'))), 'DeniedByService');
    assert.equal(doorman.questions.length, 5);
    one.gate.clock += 1000;
    assert.equal(await ask(['X-Tenant', 'a'], ['Authorization', 'one']), 'DeniedByService');
  });

  it('is told the content where that is asked for, and knows whether it is a part', async () => {
    await using doorman = await givenDoorman(allow);
    const body = { bytesMax: 4, beyond: 'Truncate' } as const;
    const { filter } = doorman.made({ body, headersToService: ['x-envoy-auth-partial-body'] });
    const fields = [
      ['Content-Type', 'text/plain'],
      ['X-Envoy-Auth-Partial-Body', 'false'],
    ] as const;
    for (const [content, partial] of [
      ['abcd', 'false'],
      ['', 'false'],
      ['abcde', 'true'],
    ] as const) {
      const exchange = containing(content, fields);
      assert.equal(kindOf(await filter.apply(exchange)), 'pass');
      const question = doorman.questions.at(-1);
      assert.equal(question?.content, content.slice(0, 4));
      assert.equal(question.headers['content-length'], String(question.content.length));
      assert.equal(question.headers['content-type'], 'text/plain');
      assert.equal(question.headers['x-envoy-auth-partial-body'], partial);
      assert.equal(exchange.forwarded.fields.get('x-envoy-auth-partial-body'), 'false');
    }
  });

  it('is not asked about content that is too long, whether it is there or not', async () => {
    await using doorman = await givenDoorman(allow);
    const body = { bytesMax: 4, beyond: 'Refuse' } as const;
    const { filter } = doorman.made({ body, failOpen: true });
    assert.equal(kindOf(await filter.apply(containing('abcde'))), 'BodyTooLarge');
    assert.equal(doorman.questions.length, 0);
  });

  it('decides by the content, too, where decisions are kept', async () => {
    await using doorman = await givenDoorman(allow);
    const body = { bytesMax: 4, beyond: 'Truncate' } as const;
    const { filter } = doorman.made({ body, cache: { headers: [], forMs: 1000 } });
    for (const content of ['abcd', 'abcd', 'abce', 'abcd1', 'abcd2', '']) {
      assert.equal(kindOf(await filter.apply(containing(content))), 'pass');
    }
    assert.deepEqual(
      doorman.questions.map(({ content }) => content),
      ['abcd', 'abce', 'abcd', ''],
    );
  });

  it('may say of all fields, but for those of the connection, the target and its own answer', async () => {
    await using doorman = await givenDoorman((response) => {
      response.setHeader('x-user', 'ada').setHeader('content-type', 'text/plain').setHeader('host', 'evil');
      response.setHeader('set-cookie', 'a=1').setHeader('authorization', 'Bearer inside').end('ok');
    });
    const { filter } = doorman.made({ headersToBackend: null });
    const exchange = asking([
      ['X-User', 'root'],
      ['Content-Type', 'application/json'],
      ['Authorization', 'Bearer t'],
    ]);
    assert.equal(kindOf(await filter.apply(exchange)), 'pass');
    const { fields, authority } = exchange.forwarded;
    assert.deepEqual(
      ['x-user', 'content-type', 'authorization', 'host', 'set-cookie', 'content-length'].map((name) =>
        fields.joined(name),
      ),
      ['ada', 'application/json', 'Bearer inside', undefined, undefined, undefined],
    );
    assert.equal(authority, 'Shop.example');
  });

  it('keeps a decision only where that is small', async () => {
    await using doorman = await givenDoorman((response) => {
      response.writeHead(403).end('x'.repeat(5000));
    });
    const { filter } = doorman.made({ cache: { headers: [], forMs: 1000 } });
    for (let count = 0; count < 2; count += 1) {
      assert.equal(kindOf(await filter.apply(asking())), 'DeniedByService');
    }
    assert.equal(doorman.questions.length, 2);
  });
});

/** A request with this content, of which a filter gets as much as it demands. */
function containing(content: string, fields: readonly (readonly [string, string])[] = []): Exchange {
  const octets = Buffer.from(content, 'latin1');
  return {
    ...asking(fields),
    content: ({ bytesMax, beyond }) =>
      Promise.resolve(
        octets.length > bytesMax && beyond === 'Refuse'
          ? { kind: 'BodyTooLarge' }
          : { octets: octets.subarray(0, bytesMax), isWhole: octets.length <= bytesMax },
      ),
  };
}
