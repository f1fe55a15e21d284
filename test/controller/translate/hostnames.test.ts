import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intersectHostnames } from '#controller/translate/hostnames.ts';

const table: readonly (readonly [listener: string, route: readonly string[], serves: readonly string[]])[] = [
  ['', [], ['']],
  ['a.example.com', [], ['a.example.com']],
  ['*.example.com', [], ['*.example.com']],
  ['', ['a.example.com', '*.b.com'], ['a.example.com', '*.b.com']],
  ['a.example.com', ['a.example.com'], ['a.example.com']],
  ['a.example.com', ['b.example.com'], []],
  ['a.example.com', ['*.example.com', '*.com', '*.b.com'], ['a.example.com', 'a.example.com']],
  ['*.example.com', ['example.com'], []],
  ['*.example.com', ['a.example.com', 'b.a.example.com'], ['a.example.com', 'b.a.example.com']],
  ['*.example.com', ['*.a.example.com', '*.com', '*.example.com'], ['*.a.example.com', '*.example.com', '*.example.com']],
  ['*.example.com', ['aexample.com', 'a.example.com.org', '*.xexample.com'], []],
]; // prettier-ignore

for (const [listener, route, serves] of table) {
  test(`listener ${listener || '(any)'} and route ${route.join(', ') || '(any)'} have ${serves.join(', ') || 'nothing'} in common`, () => {
    assert.deepEqual(
      intersectHostnames(listener, route).map((one) => one.serves),
      serves,
    );
  });
}

test("the route's own hostname is told beside what it serves", () => {
  assert.deepEqual(intersectHostnames('a.example.com', ['*.com']), [
    { serves: 'a.example.com', own: '*.com', oneLabel: false },
  ]);
  assert.deepEqual(intersectHostnames('a.example.com', []), [
    { serves: 'a.example.com', own: '', oneLabel: false },
  ]);
});
