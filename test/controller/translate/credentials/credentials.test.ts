import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayKey } from '#snapshot/ids.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import { input, reader } from '../objects.ts';
import {
  type AnyObject,
  acceptedOf,
  consumer,
  gateway,
  hashOf,
  keysAt,
  line,
  policy,
  secret,
  selectors,
  translated,
} from './keys.ts';

const remarksOf = (...objects: readonly AnyObject[]): readonly string[] =>
  translated(...gateway(), policy(), ...objects)
    .notices.filter(({ object }) => object.kind === 'AuthPolicy')
    .map(({ message }) => message);

test('data planes are told of the keys that policies select, of their own namespace alone', () => {
  const keys = keysAt(
    translated(
      ...gateway(),
      policy(),
      consumer('acme', ['a']),
      consumer('unlabelled', ['b'], { labels: {} }),
      consumer('foreign', ['c'], { namespace: 'office' }),
      secret('many', {
        partners: line('d', { groups: ['x', 'y'], plan: 'gold', expires: '2027-01-01T00:00:00Z' }),
      }),
      secret('unlabelled', { partners: line('e') }, { labels: {} }),
      secret('foreign', { partners: line('f') }, { namespace: 'office' }),
    ),
  );
  assert.deepEqual(
    keys,
    new Map([
      [hashOf('a'), 'shop 0 acme tp_1'],
      [hashOf('d'), 'shop 1798761600 acme  gold x,y'],
    ]),
  );
});

test('a Gateway is told only of keys that policies of its own routes select', () => {
  const translation = translated(
    ...gateway(),
    ...gateway('office'),
    policy({ consumerSelector: {} }, 'office'),
    consumer('acme', ['a']),
    consumer('clerk', ['b'], { namespace: 'office' }),
  );
  assert.deepEqual([...keysAt(translation).keys()], []);
  assert.deepEqual([...keysAt(translation, 'office').keys()], [hashOf('b')]);
});

test('what holds a plain key works, is warned of, and stands in no snapshot', () => {
  const plain = 'an-old-plain-key-of-partners';
  const translation = translated(
    ...gateway(),
    policy(),
    secret('old', { acme: plain, beta: `${plain}-2\n` }),
  );
  assert.deepEqual([...keysAt(translation).values()], ['shop 0 acme', 'shop 0 beta']);
  assert.deepEqual([...keysAt(translation).keys()], [hashOf(plain), hashOf(`${plain}-2`)]);
  const resources = [...(translation.snapshots.get(gatewayKey('shop', 'edge'))?.values() ?? [])];
  const bytes = resources.map((one) => encodeResource(one)).join('\n');
  assert.ok(bytes.includes('CredentialSet'));
  for (const told of [bytes, JSON.stringify(translation.statuses), JSON.stringify(translation.notices)]) {
    assert.ok(!told.includes(plain));
    assert.ok(!told.includes(Buffer.from(plain).toString('base64').slice(0, 24)));
  }
  assert.match(JSON.stringify(translation.notices), /Secret shop\/old holds plain keys \(acme, beta\)/);
});

test('lines that say nothing are left out by place, never by what they hold, and the others work', () => {
  const bad = [
    'sha256:0123',
    `sha256:${'A'.repeat(64)};consumer=acme`,
    `${line('x')};consumer=other`,
    `${line('x')};colour=red`,
    line('x').replace(';consumer=acme', ''),
    line('x', { consumer: 'a b' }),
    line('x', { expires: 'tomorrow' }),
    line('x', { groups: ['a', ''] }),
    'a-secret-that-is-no-line',
  ];
  for (const one of bad) {
    const file = secret('many', { partners: `${line('a')}\r\n${one}\n\n# passed over\n${line('b')}` });
    const keys = keysAt(translated(...gateway(), policy(), file));
    assert.deepEqual(new Set(keys.keys()), new Set([hashOf('a'), hashOf('b')]), one);
    const remark = remarksOf(file).find((told) => told.includes('left out')) ?? '';
    assert.match(remark, /^Secret shop\/many: left out: entry partners, line 2: /);
    assert.ok(!remark.includes(one));
  }
});

test('plain keys that could be guessed, or that no field can hold, are left out', () => {
  for (const key of ['short', 'x'.repeat(257), 'with a blank in between', 'ümläüte-in-einem-schlüssel']) {
    const file = secret('old', { acme: key });
    assert.equal(keysAt(translated(...gateway(), policy(), file)).size, 0, key);
    assert.match(remarksOf(file).join(' '), /entry acme: a plain key has 16 to 256 visible ASCII characters/);
  }
});

test('a key that is written twice is the older Consumers, then that of any Consumer, then the older Secrets', () => {
  const old = { creationTimestamp: '2020-01-01T00:00:00Z' };
  const young = { creationTimestamp: '2021-01-01T00:00:00Z' };
  const translation = translated(
    ...gateway(),
    policy(),
    consumer('a-young', ['one', 'two'], young),
    consumer('b-old', ['one'], old),
    secret('older', { p: `${line('two', { consumer: 's1' })}\n${line('three', { consumer: 's2' })}` }, old),
    secret(
      'a-younger',
      { p: `${line('three', { consumer: 's3' })}\n${line('four', { consumer: 's4' })}` },
      young,
    ),
  );
  assert.deepEqual(
    keysAt(translation),
    new Map([
      [hashOf('one'), 'shop 0 b-old tp_1'],
      [hashOf('two'), 'shop 0 a-young tp_1'],
      [hashOf('three'), 'shop 0 s2'],
      [hashOf('four'), 'shop 0 s4'],
    ]),
  );
  assert.match(
    acceptedOf(translation, 'a-young'),
    /^False Conflicted credential k0: .* Consumer shop\/b-old, credential k0/,
  );
  assert.equal(acceptedOf(translation, 'b-old'), 'True Accepted');
  const told = translation.notices.map(({ message }) => message).join('\n');
  assert.match(
    told,
    /Secret shop\/older: left out: entry p, line 1: .* Consumer shop\/a-young, credential k1/,
  );
  assert.match(
    told,
    /Secret shop\/a-younger: left out: entry p, line 1: .* Secret shop\/older, entry p, line 2/,
  );
});

test("a key that is another's lets nobody in where only the loser is selected", () => {
  const young = { creationTimestamp: '2021-01-01T00:00:00Z' };
  const translation = translated(
    ...gateway(),
    policy(),
    consumer('loser', ['one'], young),
    consumer('winner', ['one'], { labels: {}, creationTimestamp: '2020-01-01T00:00:00Z' }),
  );
  assert.deepEqual([...keysAt(translation).keys()], []);
});

test('Consumers of other namespaces contest no key', () => {
  const translation = translated(
    ...gateway(),
    policy(),
    consumer('mine', ['one'], { creationTimestamp: '2021-01-01T00:00:00Z' }),
    consumer('theirs', ['one'], { namespace: 'office', creationTimestamp: '2020-01-01T00:00:00Z' }),
  );
  assert.deepEqual([...keysAt(translation).keys()], [hashOf('one')]);
});

test('of a hundred thousand keys in twenty Secrets, one that changes costs the work of its own Secret', () => {
  const count = 5_000;
  const file = (at: number, last: string) =>
    secret(`file-${at}`, {
      keys: [...Array.from({ length: count - 1 }, (_, key) => line(`${at} ${key}`)), line(last)].join('\n'),
    });
  const objects = [
    ...gateway(),
    policy({ secretSelector: selectors.secretSelector }),
    ...Array.from({ length: 20 }, (_, at) => file(at, `${at} last`)),
  ];
  const work: string[] = [];
  const translator = createTranslator({ trace: (unit, key) => work.push(`${unit} ${key}`) });
  const first = reader(objects);
  const before = translator.translate(input(first));
  assert.equal(keysAt(before).size, 20 * count);
  const changed = objects.map((one) => (one.metadata.name === 'file-7' ? file(7, 'another') : one));
  work.length = 0;
  const start = performance.now();
  const after = translator.translate(input(reader(changed, first)));
  const ms = performance.now() - start;
  assert.ok(keysAt(after).has(hashOf('another')) && !keysAt(after).has(hashOf('7 last')));
  const about = (unit: string) => work.filter((one) => one.startsWith(`${unit} `));
  assert.deepEqual(about('keys of a secret'), ['keys of a secret shop/file-7']);
  assert.deepEqual(about('credential set'), ['credential set CredentialSet/Secret/shop/file-7']);
  // What began as the key that is gone, and what began as the new one.
  assert.ok(about('keys written twice').length <= 2, about('keys written twice').join(', '));
  assert.deepEqual(about('AuthPolicy'), []);
  assert.ok(ms < 500, `${ms} ms`);
  const resources = (one: typeof before) => one.snapshots.get(gatewayKey('shop', 'edge')) ?? new Map();
  const renewed = [...resources(after)].filter(([id, resource]) => resources(before).get(id) !== resource);
  assert.deepEqual(
    renewed.map(([id]) => String(id)),
    ['CredentialSet/Secret/shop/file-7'],
  );
});
