import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { BasicAuthentication } from '#snapshot/basic.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { carrying, gate, told, verdictOf } from './gate.ts';

const hashes = {
  ada: '$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
  bob: '{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=',
  Zoë: '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/',
};

function given(rule: Partial<BasicAuthentication> = {}): BasicAuthentication {
  return {
    kind: 'Basic',
    name: 'operators',
    credential: {
      sources: [{ kind: 'Header', header: 'authorization', scheme: 'basic' }],
      forwarded: false,
    },
    realm: 'the shop',
    users: Object.entries(hashes).map(([name, hash]) => ({ name, hash: new Secret(hash) })),
    userHeader: null,
    ...rule,
  };
}

function sending(text: string | Buffer) {
  return carrying(['Authorization', `Basic ${Buffer.from(text).toString('base64')}`]);
}

function filterOf(rule: Partial<BasicAuthentication> = {}): RequestFilter {
  return gate().filter(givenAuthentication(given(rule)));
}

describe('the way in by user and password', () => {
  for (const user of Object.keys(hashes)) {
    it(`lets ${user} in, whose credential goes no further`, async () => {
      const exchange = sending(`${user}:myPassword`);
      assert.equal(await verdictOf(filterOf(), exchange), 'pass');
      assert.equal(exchange.identity?.method, 'Basic');
      assert.equal(exchange.identity.subject, user);
      assert.equal(exchange.forwarded.fields.get('authorization'), undefined);
    });
  }

  const bad: Readonly<Record<string, string | Buffer>> = {
    'a wrong password': 'ada:other',
    'a user that is not there': 'eve:myPassword',
    'a name of all objects': '__proto__:myPassword',
    'no password': 'ada',
    'no user': ':myPassword',
    'a NUL behind the password': 'ada:myPassword\0',
    'a line break in the name': 'ad\na:myPassword',
    'octets that are no UTF-8': Buffer.from([0x61, 0xff, 0x3a, 0x61]),
    'more than is read': `ada:${'x'.repeat(2000)}`,
  };
  for (const [what, text] of Object.entries(bad)) {
    it(`refuses ${what}`, async () => {
      assert.equal(await verdictOf(filterOf(), sending(text)), 'invalid');
    });
  }

  it('refuses what is no base64, and two credentials', async () => {
    assert.equal(await verdictOf(filterOf(), carrying(['Authorization', 'Basic a$b'])), 'invalid');
    const [line] = sending('ada:myPassword').request.fields.flat.slice(1);
    const twice = carrying(['Authorization', line ?? ''], ['Authorization', line ?? '']);
    assert.equal(await verdictOf(filterOf(), twice), 'invalid');
  });

  it('asks for a password with its realm, and tells known from unknown users by nothing', async () => {
    const filter = filterOf();
    const answers: Verdict[] = [];
    for (const exchange of [carrying(), sending('ada:x'), sending('eve:x')]) {
      answers.push(await filter.apply(exchange));
    }
    for (const verdict of answers) {
      assert.ok(verdict?.kind === 'Unauthenticated');
      assert.deepEqual(verdict.challenges, ['Basic realm="the shop", charset="UTF-8"']);
    }
    const [, known, unknown] = answers;
    assert.deepEqual(known, unknown);
  });

  it('remembers who passed for a minute, and forgets when the users change', async () => {
    const made = gate();
    const filter = made.filter(givenAuthentication(given()));
    assert.equal(await verdictOf(filter, sending('bob:myPassword')), 'pass');
    // at once, without a promise
    assert.equal(told(awaited(filter.apply(sending('bob:myPassword')))), 'pass');
    made.clock += 60_000;
    assert.ok(filter.apply(sending('bob:myPassword')) instanceof Promise);
    const changed = made.filter(givenAuthentication(given({ users: [] })));
    assert.equal(await verdictOf(changed, sending('bob:myPassword')), 'invalid');
  });

  it('checks one credential once for all who send it at a time', async () => {
    const filter = gate({ passwordsMax: 1, passwordsWaitingMax: 0 }).filter(givenAuthentication(given()));
    const same = await Promise.all([1, 2, 3].map(() => verdictOf(filter, sending('ada:myPassword'))));
    assert.deepEqual(same, ['pass', 'pass', 'pass']);
  });

  it('answers overload where too many guess', async () => {
    const filter = gate({ passwordsMax: 1, passwordsWaitingMax: 1 }).filter(givenAuthentication(given()));
    const guesses = await Promise.all([1, 2, 3].map((guess) => verdictOf(filter, sending(`ada:${guess}`))));
    assert.deepEqual(guesses, ['invalid', 'invalid', 'Overloaded']);
  });

  it('tells the backend the name in place of what the client said', async () => {
    const exchange = sending('Zoë:myPassword');
    exchange.forwarded.fields.append('x_user', 'root');
    assert.equal(await verdictOf(filterOf({ userHeader: 'x-user' }), exchange), 'pass');
    assert.equal(exchange.forwarded.fields.get('x_user'), undefined);
    const value = exchange.forwarded.fields.only('x-user') ?? '';
    assert.equal(Buffer.from(value, 'latin1').toString('utf8'), 'Zoë');
  });
});

function awaited<T>(value: T | Promise<T>): T {
  assert.ok(!(value instanceof Promise));
  return value;
}
