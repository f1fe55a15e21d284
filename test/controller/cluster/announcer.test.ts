import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#admin/log.ts';
import { Announcer } from '#controller/cluster/announcer.ts';
import { ManualClock } from '#test/given/clock.ts';
import type { Happening } from '#controller/events/event-writer.ts';
import type { Notice } from '#controller/translate/translation.ts';

const object = { kind: 'Gateway', namespace: 'shop', name: 'edge' };
const closed: Notice = { object, reason: 'Closed', message: 'Rule a is closed.' };
const over = { reason: 'PortAvailable', message: 'Port 80 is no longer unavailable.' };
const port = (message: string): Notice => ({ object, reason: 'PortUnavailable', message, over });

function given(alive: () => boolean = () => true) {
  const clock = new ManualClock();
  const happened: Happening[] = [];
  const lines: string[] = [];
  const announcer = new Announcer({
    clock,
    log: createLog((line) => lines.push(line), clock.now.bind(clock)),
    store: {
      live: () =>
        alive() ? { uid: 'u', resourceVersion: '1', generation: 1, status: undefined } : undefined,
    },
    events: { write: (one) => void happened.push(one) },
    leading: () => true,
  });
  const events = () => happened.splice(0).map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
  return { announcer, clock, events, lines };
}

test('a notice is told when it begins, and again when it has been away', () => {
  const { announcer, events } = given();
  announcer.announce([closed]);
  announcer.announce([closed]);
  assert.deepEqual(events(), ['Warning Closed: Rule a is closed.']);
  announcer.announce([]);
  announcer.announce([closed]);
  assert.deepEqual(events(), ['Warning Closed: Rule a is closed.']);
});

test('the end of what has words for it is told, once it has stayed away, however it was worded', () => {
  const { announcer, clock, events, lines } = given();
  announcer.announce([port('by 1 of 2')]);
  announcer.announce([port('by 2 of 2')]);
  assert.deepEqual(events(), ['Warning PortUnavailable: by 1 of 2']);
  announcer.announce([]);
  clock.advance(4_000);
  announcer.announce([port('by 2 of 2')]);
  clock.advance(60_000);
  assert.deepEqual(events(), [], 'a data plane was away for a moment');
  announcer.announce([]);
  announcer.announce([]);
  clock.advance(5_000);
  assert.deepEqual(events(), ['Normal PortAvailable: Port 80 is no longer unavailable.']);
  assert.match(lines.at(-1) ?? '', /NoticeOver.*PortAvailable/);
  announcer.announce([port('by 1 of 2')]);
  assert.deepEqual(events(), ['Warning PortUnavailable: by 1 of 2']);
});

test('nothing is told of an object that is gone', () => {
  let alive = true;
  const { announcer, clock, events } = given(() => alive);
  announcer.announce([port('x')]);
  events();
  announcer.announce([]);
  alive = false;
  clock.advance(5_000);
  assert.deepEqual(events(), []);
});
