// Each bad object changes nothing for any that it does not name: of all good ones the bytes that data planes are told
// and the statuses are as they are without it.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { decodeObject } from '#crds/kind.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { DesiredStatus, Translation } from '#controller/translate/translation.ts';
import { badObjects } from './bad-objects.ts';
import { bytesOf, good } from './good-world.ts';
import { input, kindOf, object, reader, refusedObject } from './objects.ts';

const alone = createTranslator().translate(input(reader(good)));

/** What is said of good objects; how many routes Gateway edge has is not the same where the bad one is a route of it. */
function statusesOf({ statuses }: Translation): ReadonlyMap<string, string> {
  const ofGood = statuses.filter((one) => one.object.name !== 'bad');
  return new Map(ofGood.map((one) => [`${one.object.kind} ${one.object.name}`, told(one)]));
}

function told(status: DesiredStatus): string {
  return JSON.stringify(status).replaceAll(/"attachedRoutes":\d+/g, '"attachedRoutes":0');
}

function withBad(manifest: unknown): Translation {
  const refused = refusedObject(manifest);
  const objects = refused === null ? [...good, object(manifest)] : good;
  return createTranslator().translate(input(reader(objects, null, refused === null ? [] : [refused])));
}

describe('what is told of good objects is the same beside', () => {
  const bytes = bytesOf(alone);
  const statuses = statusesOf(alone);
  for (const [name, manifest] of badObjects) {
    it(name, () => {
      const together = withBad(manifest);
      const now = bytesOf(together);
      for (const [id, before] of bytes) assert.equal(now.get(id), before, id);
      for (const id of now.keys()) {
        assert.ok(bytes.has(id) || /[/:]bad|^Cluster\/|^Endpoints\//.test(id), `${id} is the bad one's`);
      }
      assert.deepEqual(statusesOf(together), statuses);
    });
  }
});

test('there are three hundred of them and more, of both sorts, and no two of one name', () => {
  const names = new Set(badObjects.map(([name]) => name));
  assert.equal(names.size, badObjects.length);
  assert.ok(names.size >= 300, String(names.size));
  const decoding = badObjects.filter(([, manifest]) => decodeObject(kindOf(manifest), manifest).ok);
  assert.ok(decoding.length > 50 && decoding.length < names.size - 50, String(decoding.length));
});

test('a good object that is another changes what is told, so equality above is no matter of course', () => {
  const [, , , last] = good;
  assert.ok(last);
  const fewer = createTranslator().translate(input(reader(good.filter((one) => one !== last))));
  assert.notDeepEqual(bytesOf(fewer), bytesOf(alone));
});
