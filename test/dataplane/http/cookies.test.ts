import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from '#dataplane/http/fields.ts';
import { onlyCookie, removeCookie } from '#dataplane/http/cookies.ts';

function cookies(...lines: readonly string[]): Fields {
  const fields = new Fields();
  fields.append('accept', 'at=no');
  for (const line of lines) fields.append('cookie', line);
  return fields;
}

test('the one cookie of a name is found wherever it stands', () => {
  for (const line of [
    'at=1',
    'a=b; at=1',
    'at=1; a=b',
    'a=b;at=1;c=d',
    'a=at; \tat=1 ;c=at',
    'bat=2; at=1; at.=3',
    'a=b; at =1',
    'at \t= 1',
  ]) {
    assert.equal(onlyCookie(cookies(line), 'at'), '1', line);
  }
  assert.equal(onlyCookie(cookies('a=b', 'at=1', 'c=d'), 'at'), '1');
  assert.equal(onlyCookie(cookies('at=a=b; c'), 'at'), 'a=b');
});

test('none of its name is null, and several are undefined', () => {
  for (const lines of [[], ['a=b'], ['bat=1'], ['a=at=1'], ['AT=1'], ['at']]) {
    assert.equal(onlyCookie(cookies(...lines), 'at'), null, lines.join(' | '));
  }
  for (const lines of [['at=1; at=1'], ['at=1', 'at=2'], ['at=1; at =2']]) {
    assert.equal(onlyCookie(cookies(...lines), 'at'), undefined, lines.join(' | '));
  }
});

test('cookies of a name are removed, and the others stay', () => {
  const table: readonly (readonly [lines: readonly string[], left: readonly string[]])[] = [
    [['a=b; at=1; c=d'], ['a=b; c=d']],
    [['at=1; a=b', 'at=2'], ['a=b']],
    [['at=1;at=2; at'], []],
    [['at =1; a=b;\tat=2'], ['a=b']],
    [['a=b, at=1; c=d e at = 2'], ['a=b; c=d e']],
    [['a=look at me; b=,at'], ['a=look at me; b=,at']],
    [['bat=1; a=at=1; AT=1'], ['bat=1; a=at=1; AT=1']],
  ];
  for (const [lines, left] of table) {
    const fields = cookies(...lines);
    removeCookie(fields, 'at');
    const kept = [...fields.flat.keys()].filter((at) => at % 2 === 0).map((at) => fields.valueAt(at / 2));
    assert.deepEqual(kept, ['at=no', ...left], lines.join(' | '));
  }
});
