import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fields } from '#dataplane/http/fields.ts';
import { Sessions } from '#dataplane/upstream/balance/sessions.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenMembers } from './given-members.ts';
import type { GivenMember } from './given-members.ts';
import type { Persistence } from '#snapshot/cluster.ts';

const persistence: Persistence = { cookie: 'at', path: '/shop', ttlMs: null };

function given(members: readonly GivenMember[], secret = 'key', terms = persistence): Sessions<GivenMember> {
  const sessions = new Sessions<GivenMember>({
    persistence: terms,
    secret: new Secret(secret),
    identity: ({ name }) => name,
  });
  sessions.update(members);
  return sessions;
}

/** A request with the cookie that a client was given. */
function withCookie(line: string): Fields {
  const fields = new Fields();
  fields.append('cookie', `a=b; ${line.split(';')[0] ?? ''}; c=d`);
  return fields;
}

describe('a session', () => {
  it('leads back to its endpoint, also in another data plane', () => {
    const members = givenMembers(50);
    for (const member of members) {
      const cookie = given(members).cookieFor(member, 'Clear');
      assert.equal(given(members.toReversed()).endpointOf(withCookie(cookie)), member);
    }
  });

  it('leads nowhere when its endpoint has left, and without a cookie or with a stranger', () => {
    const members = givenMembers(3);
    const [first] = members;
    assert.ok(first);
    const sessions = given(members);
    const fields = withCookie(sessions.cookieFor(first, 'Clear'));
    assert.equal(sessions.endpointOf(fields), first);
    sessions.update(members.slice(1));
    assert.equal(sessions.endpointOf(fields), null);
    sessions.update(members);
    assert.equal(sessions.endpointOf(fields), first);
    assert.equal(sessions.endpointOf(new Fields()), null);
    assert.equal(sessions.endpointOf(withCookie('at=constructor')), null);
    assert.equal(given(members, 'another key').endpointOf(fields), null);
  });

  it('is kept by a cookie that tells no address and goes where it may only', () => {
    const [member] = givenMembers(1);
    assert.ok(member);
    const form = /^at=[A-Za-z0-9_-]{11}; Path=\/shop; HttpOnly; SameSite=Lax$/u;
    assert.match(given([member]).cookieFor(member, 'Clear'), form);
    const lasting = given([member], 'key', { ...persistence, ttlMs: 1_500 });
    assert.match(
      lasting.cookieFor(member, 'TLS'),
      /; Path=\/shop; Max-Age=2; HttpOnly; SameSite=Lax; Secure$/u,
    );
  });
});
