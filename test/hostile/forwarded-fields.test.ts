// RFC 9110 section 7.6.1 (hop-by-hop) and what a client says of itself: CVE-2022-31813, X-Forwarded-* spoofing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestHeaders } from '#dataplane/filters/headers.ts';
import { aBackend, aForward, aRule } from '../given/runtime.ts';
import { attack } from './attack.ts';

async function forwardedHead(lines: string): Promise<string[]> {
  const outcome = await attack(
    `GET / HTTP/1.1\r\nHost: shop.example:81\r\n${lines}\r\nGET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  );
  assert.deepEqual(
    outcome.answers.map((answer) => answer.status),
    [200, 200],
  );
  return outcome.seen[0]?.head.split('\r\n').slice(1) ?? [];
}

const ours = [
  'Host: shop.example:81',
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Host: shop.example:81',
  'X-Forwarded-Port: 80',
];

function without(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith('X-Request-Id: '));
}

it('the backend sees what we know of the client', async () => {
  const lines = await forwardedHead('');
  assert.deepEqual(without(lines), ours);
  assert.match(lines.join('\n'), /^X-Request-Id: [0-9a-f-]{36}$/mu);
});

it('and nothing of what it says of itself', async () => {
  const lines = await forwardedHead(
    'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: evil\r\nX-FORWARDED-PORT: 443\r\n' +
      'X-Forwarded-Prefix: /admin\r\nX-Forwarded-Client-Cert: x\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n' +
      'X-Original-URL: /admin\r\nX-Original-Host: evil\r\nX-Rewrite-URL: /admin\r\nTrue-Client-IP: 6.6.6.6\r\n',
  );
  assert.deepEqual(without(lines), ours);
});

it('nor by names that backends read as those', async () => {
  const lines = await forwardedHead(
    'X.Forwarded.For: 6.6.6.6\r\nX-Forwarded.Proto: https\r\nx~forwarded~host: evil\r\nX.Real.IP: 6.6.6.6\r\n' +
      'X.Original!URL: /admin\r\nX.Rewrite.URL: /admin\r\nTrue.Client.IP: 6.6.6.6\r\nX.Request.Id: mine\r\nX.Kept: 1\r\n',
  );
  assert.deepEqual(without(lines), ['Host: shop.example:81', 'X.Kept: 1', ...ours.slice(1)]);
});

it('cookies of logins stay here, also where nobody logs in, and however they are spelt', async () => {
  const session = '__Host-turnpike-login-0123456789=1AAAA';
  const part = '__Host-turnpike-login-0123456789-1=BBBB';
  const plain = 'turnpike-login-0123456789-try-00000000=CCCC';
  for (const cookie of [
    `a=1; ${session}; b=2`,
    `${plain}; a=1; ${session}; ${part}; b=2`,
    `a=1;${session};${part}; b=2`,
    `a=1 ${plain}; ${session}; b=2`,
    `a=1,${plain}; ${session}; b=2`,
    `a=1; b=2\r\nCookie: ${session}\r\ncookie:${part}`,
  ]) {
    const lines = await forwardedHead(`Cookie: ${cookie}\r\n`);
    assert.deepEqual(without(lines), ['Host: shop.example:81', 'Cookie: a=1; b=2', ...ours.slice(1)]);
  }
});

it('fields of the client’s own hop stay behind', async () => {
  const lines = await forwardedHead(
    'Connection: keep-alive, X-Mine\r\nConnection: X-Other\r\nKeep-Alive: timeout=9\r\nProxy-Connection: x\r\nTE: gzip\r\n' +
      'Upgrade: websocket\r\nProxy-Authorization: Basic x\r\nX-Mine: 1\r\nx-other: 2\r\nX-Kept: 3\r\n',
  );
  assert.deepEqual(without(lines), ['Host: shop.example:81', 'X-Kept: 3', ...ours.slice(1)]);
});

it('nominating our fields does not remove them', async () => {
  const lines = await forwardedHead(
    'Connection: keep-alive, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Request-Id, Host, Content-Length\r\n',
  );
  assert.deepEqual(without(lines), ours);
  assert.equal(lines.length, ours.length + 1);
});

describe('a request id', () => {
  it('is kept when it is sane', async () => {
    const lines = await forwardedHead('X-Request-Id: abc-123\r\n');
    assert.ok(lines.includes('X-Request-Id: abc-123'));
  });
  for (const id of ['', 'a b', 'x'.repeat(129), '\u00e9']) {
    it(`${JSON.stringify(id.slice(0, 9))} is replaced`, async () => {
      const lines = await forwardedHead(`X-Request-Id: ${id}\r\n`);
      assert.match(lines.join('\n'), /^X-Request-Id: [0-9a-f-]{36}$/mu);
    });
  }
});

it('trailers are asked for in our own name', async () => {
  const lines = await forwardedHead('TE: gzip;q=1, Trailers\r\nConnection: TE\r\n');
  assert.ok(lines.includes('TE: trailers'));
  assert.ok(lines.includes('Connection: TE'));
});

it('an answer’s hop-by-hop fields stay behind, and what it nominates', async () => {
  const outcome = await attack('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', {
    respond: () =>
      'HTTP/1.1 200 Fine\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\n' +
      'Proxy-Authenticate: x\r\nX-Kept: 1\r\nDate: now\r\nContent-Length: 2\r\n\r\nok',
  });
  assert.equal(
    outcome.answers[0]?.head,
    'HTTP/1.1 200 OK\r\nX-Kept: 1\r\nDate: now\r\nConnection: close\r\nContent-Length: 2',
  );
});

it('trailers do not bring what filters decide on', async () => {
  const ofRule = requestHeaders({
    remove: ['x-internal'],
    set: [{ name: 'x-role', value: 'user' }],
    add: [],
  });
  const ofBackend = requestHeaders({ remove: ['x-debug'], set: [], add: [] });
  const outcome = await attack(
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n' +
      'X-Internal: 1\r\nX.Internal: 1\r\nX-Role: admin\r\nX.Role: admin\r\nX-Debug: 1\r\nX-Sum: 1\r\n\r\n',
    {
      rule: (cluster) =>
        aRule(cluster, {
          requestFilters: [ofRule],
          action: aForward({ ...aBackend(cluster), requestFilters: [ofBackend] }),
        }),
    },
  );
  assert.equal(outcome.seen[0]?.trailers, 'X-Sum: 1');
});
