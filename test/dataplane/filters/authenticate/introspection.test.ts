import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { Secret } from '#snapshot/secret.ts';
import { givenBackend } from '#test/given/backend.ts';
import { givenCall, givenIntrospection } from '#test/given/called-service.ts';
import { givenAuthentication, nowMs } from '#test/given/token.ts';
import { bearing, gate, verdictOf } from './gate.ts';

interface Question {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

/** An issuer that answers what `answers` says of a token; an answer that is a number is a status, null none. */
async function givenIssuer(answers: Record<string, unknown>) {
  const questions: Question[] = [];
  const backend = await givenBackend('ids', {
    answer: (request, response) => {
      void content(request).then((text) => {
        const form = new URLSearchParams(text);
        const { method = '', url = '', headers } = request;
        questions.push({ line: `${method} ${url}`, authorization: headers.authorization, form });
        const answer = answers[form.get('token') ?? ''];
        if (answer === null) response.socket?.destroy();
        else if (typeof answer === 'number') response.writeHead(answer).end();
        else if (typeof answer === 'string') response.end(answer);
        else
          response
            .setHeader('content-type', 'application/json')
            .end(JSON.stringify(answer ?? { active: false }));
      });
    },
  });
  const asking = givenCall(backend.port);
  return {
    questions,
    answers,
    backend,
    gate: () => gate({}, asking.call),
    async [Symbol.asyncDispose]() {
      asking[Symbol.dispose]();
      await backend.stop();
    },
  };
}

async function content(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const active = {
  active: true,
  sub: 'ada',
  scope: 'read write',
  exp: nowMs / 1000 + 300,
  iss: 'https://id.example',
};

describe('the way in by a token that its issuer is asked about', () => {
  it('asks as RFC 7662 has it, lets in whom the answer does, and asks no more for a minute', async () => {
    await using issuer = await givenIssuer({ good: active });
    const made = issuer.gate();
    const client = { id: 'the gateway', secret: new Secret('pä:ss'), method: 'Basic' } as const;
    const filter = made.filter(
      givenAuthentication(
        givenIntrospection({ client, claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] }),
      ),
    );
    const exchange = bearing('good');
    exchange.forwarded.fields.append('x-user', 'root');
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.identity?.method, 'Introspection');
    assert.equal(exchange.identity.subject, 'ada');
    assert.deepEqual(exchange.identity.scopes, ['read', 'write']);
    assert.equal(exchange.forwarded.fields.only('x-user'), 'ada');
    const [question] = issuer.questions;
    assert.equal(question?.line, 'POST /introspect');
    assert.equal(question.form.get('token'), 'good');
    assert.equal(
      question.authorization,
      `Basic ${Buffer.from(`${encodeURIComponent('the gateway')}:${encodeURIComponent('pä:ss')}`).toString('base64')}`,
    );
    made.clock += 59_999;
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    assert.equal(issuer.questions.length, 1);
    made.clock += 1;
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    assert.equal(issuer.questions.length, 2);
  });

  it('tells its secret in the content where that is asked for', async () => {
    await using issuer = await givenIssuer({ good: active });
    const client = { id: 'me', secret: new Secret('s&cret'), method: 'Post' } as const;
    const filter = issuer.gate().filter(givenAuthentication(givenIntrospection({ client })));
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    assert.equal(issuer.questions[0]?.form.get('client_secret'), 's&cret');
    assert.equal(issuer.questions[0]?.authorization, undefined);
  });

  const refused: Readonly<Record<string, unknown>> = {
    inactive: { active: false, sub: 'ada' },
    'of another issuer': { ...active, iss: 'https://other.example' },
    'without issuer': { ...active, iss: undefined },
    'for another audience': { ...active, aud: 'warehouse' },
    over: { ...active, exp: nowMs / 1000 },
    'not begun': { ...active, nbf: nowMs / 1000 + 60 },
    'with an end that is text': { ...active, exp: '9999999999' },
  };
  for (const [what, answer] of Object.entries(refused)) {
    it(`refuses a token that is ${what}, and remembers that shortly`, async () => {
      await using issuer = await givenIssuer({ bad: { aud: 'shop', ...(answer as object) } });
      const made = issuer.gate();
      const filter = made.filter(
        givenAuthentication(givenIntrospection({ issuer: 'https://id.example', audiences: ['shop'] })),
      );
      assert.equal(await verdictOf(filter, bearing('bad')), 'invalid');
      assert.equal(await verdictOf(filter, bearing('bad')), 'invalid');
      assert.equal(issuer.questions.length, 1);
      made.clock += 10_000;
      assert.equal(await verdictOf(filter, bearing('bad')), 'invalid');
      assert.equal(issuer.questions.length, 2);
    });
  }

  const unusable: Readonly<Record<string, unknown>> = {
    'an error': 500,
    'a refusal of the gateway itself': 401,
    'a redirect': 302,
    'no JSON': 'active',
    'a list': '[{"active":true}]',
    'active as text': '{"active":"true"}',
    'no word on it': '{}',
    'more than is read': JSON.stringify({ ...active, text: 'x'.repeat(70_000) }),
  };
  for (const [what, answer] of Object.entries(unusable)) {
    it(`lets nobody in where the answer is ${what}`, async () => {
      await using issuer = await givenIssuer({ token: answer });
      const filter = issuer.gate().filter(givenAuthentication(givenIntrospection()));
      assert.equal(await verdictOf(filter, bearing('token')), 'KeysUnavailable');
    });
  }

  it('asks once for all who bring a token at a time', async () => {
    await using issuer = await givenIssuer({ good: active });
    const filter = issuer.gate().filter(givenAuthentication(givenIntrospection()));
    const all = await Promise.all([1, 2, 3, 4].map(() => verdictOf(filter, bearing('good'))));
    assert.deepEqual(new Set(all), new Set(['pass']));
    assert.equal(issuer.questions.length, 1);
  });

  it('while the issuer is down lets those pass who did before, for a bounded time, and nobody else', async () => {
    await using issuer = await givenIssuer({ good: active });
    const made = issuer.gate();
    const filter = made.filter(givenAuthentication(givenIntrospection()));
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    await issuer.backend.stop();
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    for (let guess = 0; guess < 8; guess += 1) {
      assert.equal(await verdictOf(filter, bearing(`new${guess}`)), 'KeysUnavailable');
    }
    made.clock += 60_000;
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    made.clock += 60_000;
    assert.equal(await verdictOf(filter, bearing('good')), 'KeysUnavailable');
  });

  it('never lets a token pass beyond its end', async () => {
    await using issuer = await givenIssuer({ good: { ...active, exp: nowMs / 1000 + 30 } });
    const made = issuer.gate();
    const filter = made.filter(givenAuthentication(givenIntrospection()));
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    await issuer.backend.stop();
    made.clock += 29_999;
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    made.clock += 1;
    assert.notEqual(await verdictOf(filter, bearing('good')), 'pass');
  });

  it('forgets a token that is taken back when it asks again', async () => {
    await using issuer = await givenIssuer({ good: active });
    const made = issuer.gate();
    const filter = made.filter(givenAuthentication(givenIntrospection({ cacheMs: 1000 })));
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    issuer.answers['good'] = { active: false };
    made.clock += 1000;
    assert.equal(await verdictOf(filter, bearing('good')), 'invalid');
    await issuer.backend.stop();
    made.clock += 10_000;
    assert.equal(await verdictOf(filter, bearing('good')), 'KeysUnavailable');
  });

  it('asks no more where five questions in a row were not answered, until one is', async () => {
    await using issuer = await givenIssuer({ good: active, also: active, bad: null, ill: 500 });
    const made = issuer.gate();
    const filter = made.filter(givenAuthentication(givenIntrospection()));
    for (let count = 0; count < 6; count += 1) await verdictOf(filter, bearing('ill'));
    assert.equal(await verdictOf(filter, bearing('also')), 'pass');
    issuer.questions.length = 0;
    for (let count = 0; count < 5; count += 1) await verdictOf(filter, bearing('bad'));
    assert.equal(issuer.questions.length, 5);
    assert.equal(await verdictOf(filter, bearing('good')), 'KeysUnavailable');
    assert.equal(issuer.questions.length, 5);
    made.clock += 1000;
    assert.equal(await verdictOf(filter, bearing('good')), 'pass');
    assert.equal(await verdictOf(filter, bearing('other')), 'invalid');
  });

  it('asks nobody about what is no token', async () => {
    await using issuer = await givenIssuer({});
    const filter = issuer.gate().filter(givenAuthentication(givenIntrospection()));
    for (const text of ['two words', 'x'.repeat(9000), 'ä']) {
      assert.equal(await verdictOf(filter, bearing(text)), 'invalid');
    }
    assert.equal(issuer.questions.length, 0);
  });
});
