// Each bad object changes nothing for any that it does not name: of all good ones the bytes that data planes are told
// and the statuses are as they are without it.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { decodeObject, kinds } from '#crds/kind.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { DesiredStatus, Translation } from '#controller/translate/translation.ts';
import { badObjects } from './bad-objects.ts';
import { allBytesOf as bytesOf, good } from './good-world.ts';
import { input, kindOf, object, reader, refusedObject } from './objects.ts';

const judgedKinds = [
  'GatewayClass', 'Gateway', 'ListenerSet', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute',
  'BackendTLSPolicy', 'Ingress', 'Service', 'AuthPolicy', 'RateLimitPolicy', 'TrafficPolicy', 'ClientPolicy',
  'ProtectionPolicy', 'Consumer', 'Plan', 'Ban',
]; // prettier-ignore

const alone = createTranslator().translate(input(reader(good)));

/** What is said of good objects; how many routes or sets a Gateway has is not the same where the bad one is one of them. */
function statusesOf({ statuses }: Translation): ReadonlyMap<string, string> {
  const ofGood = statuses.filter((one) => one.object.name !== 'bad');
  return new Map(ofGood.map((one) => [`${one.object.kind} ${one.object.name}`, told(one)]));
}

function told(status: DesiredStatus): string {
  return JSON.stringify(status).replaceAll(/"(attachedRoutes|attachedListenerSets)":\d+/g, '"$1":0');
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
        assert.ok(bytes.has(id) || /[/:]bad| Cluster\/| Endpoints\//.test(id), `${id} is the bad one's`);
      }
      assert.deepEqual(statusesOf(together), statuses);
    });
  }
});

test('there are three hundred of them and more, of both sorts and of every kind, and no two of one name', () => {
  const names = new Set(badObjects.map(([name]) => name));
  assert.equal(names.size, badObjects.length);
  assert.ok(names.size >= 300, String(names.size));
  const decoding = badObjects.filter(([, manifest]) => decodeObject(kindOf(manifest), manifest).ok);
  assert.deepEqual(
    Object.keys(kinds).filter((kind) => badObjects.every(([, manifest]) => manifest.kind !== kind)),
    [],
  );
  assert.ok(decoding.length > 50 && decoding.length < names.size - 50, String(decoding.length));
});

/** Whether something is told of the bad object that is not good. */
function isJudged({ statuses, notices }: Translation): boolean {
  const said = statuses.filter((one) => one.object.name === 'bad').map((one) => JSON.stringify(one.status));
  return (
    notices.some((one) => one.object.name === 'bad') ||
    said.some((text) => /"status":"False"|"type":"PartiallyInvalid"/.test(text))
  );
}

test('of every kind that has a status, or Events, bad ones come to be judged', () => {
  const judged = new Set(
    badObjects.filter(([, manifest]) => isJudged(withBad(manifest))).map(([, { kind }]) => kind),
  );
  assert.deepEqual(
    judgedKinds.filter((kind) => !judged.has(kind)),
    [],
  );
});

test('a bad object that does name a good one changes what is told of it', () => {
  const takes = object({
    kind: 'BackendTLSPolicy',
    metadata: { name: 'bad', namespace: 'shop' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      validation: {
        hostname: 'a.example.com',
        caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'none' }],
      },
    },
  });
  const together = createTranslator().translate(input(reader([...good, takes])));
  assert.notDeepEqual(bytesOf(together), bytesOf(alone));
  assert.notDeepEqual(statusesOf(together), statusesOf(alone));
});

test('a good object that is another changes what is told, so equality above is no matter of course', () => {
  const [, , , last] = good;
  assert.ok(last);
  const fewer = createTranslator().translate(input(reader(good.filter((one) => one !== last))));
  assert.notDeepEqual(bytesOf(fewer), bytesOf(alone));
});
