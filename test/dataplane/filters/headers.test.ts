import { requestHeaders, responseHeaders } from '#dataplane/filters/headers.ts';
import { problemOfEdits } from '#snapshot/header-edits.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { HeaderEdits } from '#snapshot/filter.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

const none: HeaderEdits = { set: [], add: [], remove: [] };

function linesOf(fields: Fields): string[] {
  return fields.flat.filter((_, index) => index % 2 === 1).map((line) => line.trimEnd());
}

describe('header edits', () => {
  const table: readonly [what: string, edits: Partial<HeaderEdits>, lines: string[]][] = [
    ['set a field that is not there', { set: [{ name: 'a', value: '1' }] }, ['x: 1', 'X: 2', 'y: 3', 'a: 1']],
    ['set a field and drop all its lines', { set: [{ name: 'x', value: '9' }] }, ['y: 3', 'x: 9']],
    [
      'add a line and keep those there',
      { add: [{ name: 'x', value: '9' }] },
      ['x: 1', 'X: 2', 'y: 3', 'x: 9'],
    ],
    ['add a field that is not there', { add: [{ name: 'a', value: '1' }] }, ['x: 1', 'X: 2', 'y: 3', 'a: 1']],
    ['remove all lines of a field', { remove: ['x'] }, ['y: 3']],
    ['remove what is not there', { remove: ['nothing'] }, ['x: 1', 'X: 2', 'y: 3']],
    [
      'remove before they set and add',
      { remove: ['x', 'y'], set: [{ name: 'y', value: '8' }], add: [{ name: 'y', value: '9' }] },
      ['y: 8', 'y: 9'],
    ],
  ];
  const sent: [string, string][] = [
    ['x', '1'],
    ['X', '2'],
    ['y', '3'],
  ];
  for (const [what, edits, lines] of table) {
    it(`${what}, in the request`, () => {
      const exchange = givenExchange(givenRequest({ fields: sent }));
      assert.equal(requestHeaders({ ...none, ...edits }).apply(exchange), null);
      assert.deepEqual(linesOf(exchange.forwarded.fields), lines);
      assert.equal(exchange.request.fields.size, 3, 'what was received stays');
    });
    it(`${what}, in the answer`, () => {
      const head = { status: 200, fields: givenRequest({ fields: sent }).fields };
      responseHeaders({ ...none, ...edits }).apply(givenExchange(), head);
      assert.deepEqual(linesOf(head.fields), lines);
    });
  }

  const problems: readonly [what: string, edits: Partial<HeaderEdits>][] = [
    ['a value with CR LF', { set: [{ name: 'a', value: 'b\r\nx-admin: 1' }] }],
    ['a value with a bare LF', { add: [{ name: 'a', value: 'b\n' }] }],
    ['a value with NUL', { add: [{ name: 'a', value: '\0' }] }],
    ['a value above U+00FF, whose low byte is LF', { set: [{ name: 'a', value: '\u010a' }] }],
    ['blanks around a value', { set: [{ name: 'a', value: 'b ' }] }],
    ['a name with a colon', { set: [{ name: 'a: b', value: '1' }] }],
    ['an empty name', { remove: [''] }],
    ['a name in upper case', { remove: ['X'] }],
    ['Content-Length', { set: [{ name: 'content-length', value: '0' }] }],
    ['Transfer-Encoding', { add: [{ name: 'transfer-encoding', value: 'chunked' }] }],
    ['Host', { set: [{ name: 'host', value: 'a' }] }],
    ['Proxy-Authorization', { set: [{ name: 'proxy-authorization', value: 'a' }] }],
    ['Connection', { add: [{ name: 'connection', value: 'authorization' }] }],
  ];
  for (const [what, edits] of problems) {
    it(`cannot be made with ${what}`, () => {
      assert.notEqual(problemOfEdits({ ...none, ...edits }), null);
    });
  }
  it('can be made with tokens and visible text', () => {
    const value = 'tab\tand sp\u00e4ce';
    assert.equal(
      problemOfEdits({ set: [{ name: 'x-a_b', value }], add: [{ name: 'b', value: '' }], remove: ['te'] }),
      null,
    );
  });
});
