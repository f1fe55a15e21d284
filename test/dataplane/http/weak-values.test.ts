import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WeakValues } from '#dataplane/http/weak-values.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

interface Value {
  readonly name: string;
}

test('a value is the same for as long as somebody holds it, and is made anew after that', async () => {
  const values = new WeakValues<string, Value>();
  let made = 0;
  const of = (name: string): Value =>
    values.of(name, () => {
      made += 1;
      return { name };
    });
  const held = of('held');
  of('dropped');
  assert.equal(of('held'), held);
  assert.equal(made, 2);
  await setImmediate();
  collect();
  assert.deepEqual([...values], [['held', held]]);
  assert.equal(of('held'), held);
  of('dropped');
  assert.equal(made, 3);
});

test('of values that nobody holds no more keys are kept than there are values, or a few', async () => {
  const values = new WeakValues<string, Value>();
  const held: Value[] = [];
  let kept = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let at = 0; at < 100; at += 1) {
      const name = `${String(round)} ${String(at)}`;
      const value = values.of(name, () => ({ name }));
      if (at % 10 === 0) held.push(value);
    }
    await setImmediate();
    collect();
    kept = values.size;
  }
  assert.ok(kept <= 2 * held.length + 100, `${String(kept)} keys for ${String(held.length)} values`);
  assert.equal([...values].length, held.length);
});
