// How the server of streams takes a fresh certificate, and how it ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { authorityAt, issueServing, publicBundle } from '#controller/authority/authority.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenPublisher, givenSubscriber } from './given.ts';

test('a fresh serving certificate is shown to those who connect after it', async () => {
  await using controller = await givenPublisher();
  const authority = await authorityAt(null, Date.now());
  controller.publisher.useCertificate(await issueServing(authority, ['127.0.0.1'], Date.now()));
  await using distrusting = givenSubscriber(controller.address);
  await eventually(() => distrusting.events.some(({ kind }) => kind === 'Disconnected'));
  await using trusting = givenSubscriber(controller.address, { readCa: async () => publicBundle(authority) });
  await eventually(() => trusting.subscriber.state().connected);
  assert(!distrusting.events.some(({ kind }) => kind === 'Connected'));
});

test('it stops at once though one who connected says nothing', { timeout: 5_000 }, async () => {
  const { publisher, address } = await givenPublisher();
  const silent = net.connect(address.port, address.host);
  await once(silent, 'connect');
  // One who connected later is let in, so that the silent one has been taken too.
  const later = givenSubscriber(address);
  await eventually(() => later.subscriber.state().connected);
  const closed = once(silent.resume(), 'close');
  await publisher.stop();
  await closed;
  await later[Symbol.asyncDispose]();
});
