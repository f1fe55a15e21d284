import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '#dataplane/proxy/deadlines.ts';
import { eventually } from '#test/given/eventually.ts';
import type { Timed } from '#dataplane/proxy/deadlines.ts';

for (const forgets of [true, false]) {
  const how = forgets ? 'and has no time any more' : 'and only taken off the list';
  test(`what is ended by another at the same moment ${how} does not run out as well`, async () => {
    const over: string[] = [];
    let nowMs = 0;
    const deadlines = new Deadlines(1, () => nowMs);
    const entry = (name: string, other: () => Timed): Timed => ({
      deadlineMs: 10,
      next: null,
      previous: null,
      timeOut() {
        over.push(name);
        if (forgets) other().deadlineMs = Number.POSITIVE_INFINITY;
        deadlines.remove(other());
      },
    });
    const one: Timed = entry('one', () => two);
    const two: Timed = entry('two', () => one);
    deadlines.add(one);
    deadlines.add(two);
    nowMs = 20;
    await eventually(() => over.length > 0);
    assert.equal(over.length, 1);
  });
}
