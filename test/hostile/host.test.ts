// RFC 9110 section 7.2 and RFC 9112 section 3.2: Host.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attack, refuses } from './attack.ts';

describe('a request without one good Host is refused', () => {
  const cases: readonly (readonly [name: string, lines: string])[] = [
    ['none', ''],
    ['empty', 'Host:\r\n'],
    ['two', 'Host: a.example\r\nHost: b.example\r\n'],
    ['two alike', 'Host: a.example\r\nHost: a.example\r\n'],
    ['a list', 'Host: a.example, b.example\r\n'],
    ['a user', 'Host: me@a.example\r\n'],
    ['a path', 'Host: a.example/x\r\n'],
    ['a space', 'Host: a b\r\n'],
    ['a query', 'Host: a.example?x\r\n'],
    ['an escape', 'Host: a%2eexample\r\n'],
    ['beyond ASCII', 'Host: \u00e4.example\r\n'],
    ['a bad port', 'Host: a.example:8o\r\n'],
    ['a port that is too large', 'Host: a.example:65536\r\n'],
    ['two ports', 'Host: a.example:80:80\r\n'],
    ['no name', 'Host: :80\r\n'],
    ['an empty label', 'Host: a..example\r\n'],
    ['a dot in front', 'Host: .example\r\n'],
    ['two dots behind', 'Host: a.example..\r\n'],
    ['half an address', 'Host: [::1\r\n'],
    ['no address', 'Host: [x]\r\n'],
  ];
  for (const [name, lines] of cases) {
    it(name, () => refuses(`GET / HTTP/1.1\r\n${lines}\r\n`, 400));
  }
  it('two, in HTTP/1.0', () => refuses('GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', 400));
  it('absolute-form cannot stand for it', () => refuses('GET http://a.example/ HTTP/1.1\r\n\r\n', 400));
});

describe('a good Host is matched in one form and forwarded as it came', () => {
  const cases: readonly (readonly [sent: string, matched: string])[] = [
    ['Shop.Example:8080', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['[::1]:80', '[::1]'],
    ['a_b.example', 'a_b.example'],
    ['127.0.0.1', '127.0.0.1'],
  ];
  for (const [sent, matched] of cases) {
    it(`${sent} is ${matched}`, async () => {
      const outcome = await attack(`GET / HTTP/1.1\r\nHost: ${sent}\r\nConnection: close\r\n\r\n`);
      assert.equal(outcome.records[0]?.host, matched);
      assert.match(outcome.seen[0]?.head ?? '', new RegExp(`^Host: ${RegExp.escape(sent)}$`, 'mu'));
    });
  }
});
