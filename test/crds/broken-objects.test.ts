import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { ownKinds, presentations } from '#crds/definition.ts';
import { withRules } from '#crds/grammar.ts';
import { decodeManifest, decodeObject, type Kind } from '#crds/kind.ts';
import { ruleCases } from './cases.ts';
import { manifest } from './manifest.ts';
import { verdictCases } from './verdicts.ts';

interface Given {
  readonly kind: Kind;
  readonly object: unknown;
}

const taken: readonly Given[] = [
  ...ruleCases.map(({ kind, valid }) => ({ kind, object: valid })),
  ...verdictCases.filter(({ refused }) => refused === null),
  ...ownKinds.map((kind) => ({ kind, object: manifest(kind, presentations[kind].example) })),
];

/** Every value that stands in a member named `type`: what chooses between members that exclude one another. */
const types = new Set(taken.flatMap(({ object }) => typesIn(object)));

function typesIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (name === 'type' ? [member] : typesIn(member)));
}

const wrong = [undefined, null, '', 'text', 7, true, [], {}, [null], [{}], { type: 'None' }] as const;

/** `value` with each of its members, however deep, once left out and once of each wrong type. */
function* brokenOnce(value: unknown): Generator {
  if (typeof value !== 'object' || value === null) return;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    for (const other of [...wrong, ...(name === 'type' ? types : []), ...brokenOnce(member)]) {
      if (other === undefined) delete copy[name];
      else copy[name] = other;
      yield structuredClone(copy);
    }
    copy[name] = member;
  }
}

for (const kind of new Set(taken.map((one) => one.kind))) {
  test(`no ${kind} makes the decoder throw by a member that is missing, of a wrong type or of another's`, () => {
    for (const one of taken) {
      if (one.kind !== kind) continue;
      for (const broken of brokenOnce(one.object)) {
        assert.doesNotThrow(() => decodeManifest(kind, broken), JSON.stringify(broken));
      }
    }
  });
}

for (const sessionPersistence of [{ type: 'Cookie' }, { type: 'Cookie', header: { name: 'x-session' } }]) {
  test(`${JSON.stringify(sessionPersistence)} is refused for its cookie alone`, () => {
    const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }];
    for (const [place, settings] of [
      ['spec', { sessionPersistence }],
      ['spec.defaults', { defaults: { sessionPersistence } }],
    ] as const) {
      const decoded = decodeObject('TrafficPolicy', manifest('TrafficPolicy', { targetRefs, ...settings }));
      assert.ok(!decoded.ok);
      assert.deepEqual(
        new Set(decoded.problems.map(({ path }) => path)),
        new Set([`${place}.sessionPersistence`]),
      );
      assert.match(
        decoded.problems[0]?.message ?? '',
        /type Cookie needs the field cookie|, and type is Cookie: .* write cookie in its place$/,
      );
      for (const { message } of decoded.problems) assert.doesNotMatch(message, /Permanent/);
    }
  });
}

function throwing(schema: z.ZodType): z.ZodType {
  const holds = (): boolean => {
    throw new TypeError('a bug');
  };
  return z.object({
    field: withRules(schema, [{ cel: 'true', message: 'must be as the rule says', holds }]),
  });
}

test('a rule that cannot be asked refuses the value it is of, and throws nothing', () => {
  const told = throwing(z.object({})).safeParse({ field: {} });
  assert.deepEqual(
    told.error?.issues.map(({ path, message }) => [path, message]),
    [[['field'], 'must be as the rule says']],
  );
});

test('a rule that cannot be asked adds nothing to what another rule tells', () => {
  const other = withRules(z.object({}), [{ cel: 'false', message: 'must be another', holds: () => false }]);
  const told = throwing(other).safeParse({ field: {} });
  assert.deepEqual(
    told.error?.issues.map(({ message }) => message),
    ['must be another'],
  );
});
