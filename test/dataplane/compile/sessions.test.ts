import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '#snapshot/secret.ts';
import { sessionSecretId, type SessionSecret } from '#snapshot/sessions.ts';
import { attached, forwardToNothing, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import { byCookie } from '#test/given/sessions.ts';
import { givenCluster, givenCompiler, givenEndpoints, httpListener, ruleFor } from './given-compiler.ts';
import type { ForwardAction } from '#snapshot/route.ts';
import type { Compiled } from '#dataplane/compile/compiler.ts';

const cluster = givenCluster('cart');
const action: ForwardAction = {
  ...forwardToNothing,
  backends: [{ cluster: cluster.id, weight: 1, filters: [], mirrors: [] }],
};
const route = givenRoute('shop/cart', {
  attachments: [attached('http', [''])],
  rules: [
    givenRule({ matches: [givenMatch({ path: 'Prefix /plain' })], action }),
    givenRule({ action: { ...action, persistence: byCookie } }),
  ],
});
const resources = [httpListener(), cluster, givenEndpoints('cart', 80), route];
const secretOf = (text: string): SessionSecret => ({
  kind: 'SessionSecret',
  id: sessionSecretId,
  secret: new Secret(text),
});

function sessionsAt(compiled: Compiled, target: string) {
  const action = ruleFor(compiled, target)?.action;
  assert(action?.kind === 'Forward');
  return action.sessions;
}

test('a rule keeps sessions where it is told to, and is not made anew by the same secret', (t) => {
  const { compile } = givenCompiler(t);
  const compiled = compile(...resources, secretOf('one'));
  assert.deepEqual(compiled.refused, []);
  const sessions = sessionsAt(compiled, '/');
  assert.notEqual(sessions, null);
  assert.equal(sessionsAt(compiled, '/plain'), null);
  const again = compile(...resources, httpListener('more', { port: 81 }), secretOf('one'));
  assert.equal(sessionsAt(again, '/'), sessions);
  assert.notEqual(sessionsAt(compile(...resources, secretOf('two')), '/'), sessions);
});

test('without a secret requests are balanced each for itself, and that is told where sessions are wanted', (t) => {
  const { compile } = givenCompiler(t);
  const compiled = compile(...resources);
  assert.equal(sessionsAt(compiled, '/'), null);
  assert.deepEqual(
    compiled.refused.map(({ id }) => id),
    [sessionSecretId],
  );
  const plain = givenRoute('shop/cart', { attachments: route.attachments, rules: route.rules.slice(0, 1) });
  assert.deepEqual(compile(httpListener(), cluster, givenEndpoints('cart', 80), plain).refused, []);
});
