import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Memo } from '#dataplane/http/memo.ts';

test('a text is worked out once, until too many others have come or it is to be worked out anew', () => {
  const made: string[] = [];
  const memo = new Memo(3, (text) => {
    made.push(text);
    return text === 'a' ? false : text.length;
  });
  for (const text of ['a', 'bb', 'a', 'ccc', 'bb', 'a']) memo.of(text);
  assert.deepEqual(made.splice(0), ['a', 'bb', 'ccc']);
  assert.deepEqual([memo.of('a'), memo.of('bb')], [false, 2]);
  memo.of('dddd');
  assert.equal(memo.of('a'), false);
  assert.deepEqual(made.splice(0), ['dddd', 'a'], 'the fourth has made all be forgotten');
  memo.clear();
  memo.of('a');
  assert.deepEqual(made, ['a']);
});
