import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JoinedNamespaces } from '#controller/kube/joined-namespaces.ts';
import type { SourceObject } from '#controller/source.ts';

function given(...namespaces: readonly string[]) {
  const told: string[] = [];
  const names = (objects: readonly SourceObject[]) => objects.map(({ metadata }) => metadata.name).join();
  const joined = new JoinedNamespaces('Service', namespaces, {
    replaceAll: (_, objects, version) => told.push(`all ${names(objects)} at ${version}`),
    upsert: (_, { metadata }) => told.push(`put ${metadata.name}`),
    delete: (_, { metadata }) => told.push(`delete ${metadata.name}`),
    progress: (_, version) => told.push(`progress ${version}`),
    unserved: () => told.push('unserved'),
  });
  return {
    told,
    sinks: namespaces.map((one) => joined.sink(one)) as [
      ReturnType<typeof joined.sink>,
      ReturnType<typeof joined.sink>,
    ],
  };
}

function object(namespace: string, name: string): SourceObject {
  return { metadata: { namespace, name } };
}

test('nothing is told before all namespaces are listed, and then all at once', () => {
  const {
    told,
    sinks: [one, other],
  } = given('one', 'other');
  one.replaceAll('Service', [object('one', 'a')], '9');
  one.upsert('Service', object('one', 'b'));
  assert.deepEqual(told, []);
  other.replaceAll('Service', [object('other', 'c')], '10');
  assert.deepEqual(told, ['all a,b,c at 10']);
});

test('a new list of one namespace leaves the others as they are', () => {
  const {
    told,
    sinks: [one, other],
  } = given('one', 'other');
  one.replaceAll('Service', [object('one', 'a')], '1');
  other.replaceAll('Service', [object('other', 'b')], '2');
  other.upsert('Service', object('other', 'c'));
  other.delete('Service', object('other', 'b'));
  one.replaceAll('Service', [], '5');
  assert.deepEqual(told, ['all a,b at 2', 'put c', 'delete b', 'all c at 5']);
});

test('a kind is not installed when no namespace has it', () => {
  const {
    told,
    sinks: [one, other],
  } = given('one', 'other');
  one.unserved('Service');
  other.unserved('Service');
  one.replaceAll('Service', [object('one', 'a')], '7');
  one.progress('Service', '8');
  assert.deepEqual(told, ['unserved', 'all a at 7', 'progress 8']);
});
