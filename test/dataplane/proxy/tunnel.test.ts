// The end of a tunnel: what closes has a time for that, whatever its sides do meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '#dataplane/proxy/deadlines.ts';
import { Tunnel } from '#dataplane/proxy/tunnel.ts';
import { eventually } from '#test/given/eventually.ts';
import type { Channel, ChannelEvents } from '#dataplane/http/channel.ts';

/** A side whose other end takes nothing: it does not close until it is cut. */
class DeafChannel implements Channel {
  events: ChannelEvents | null = null;
  readonly told: string[] = [];
  readonly unsent = 1;

  open(events: ChannelEvents): void {
    this.events = events;
  }

  write(): boolean {
    return false;
  }

  end(): void {
    this.told.push('end');
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.told.push('close');
  }

  reset(): void {
    this.told.push('reset');
    this.events?.channelClosed();
  }

  abort(): void {
    this.told.push('abort');
  }
}

test('a side that ends while the tunnel closes does not keep it', async () => {
  let nowMs = 0;
  const now = (): number => nowMs;
  const [client, backend] = [new DeafChannel(), new DeafChannel()];
  let overs = 0;
  const times = { tunnelIdleTimeoutMs: 1_000, halfClosedTimeoutMs: 300_000 };
  const watch = { deadlines: new Deadlines(1, now), times, now };
  new Tunnel({ client, backend }, watch, () => (overs += 1)).start();
  nowMs = 1_500;
  await eventually(() => client.told.includes('close') && backend.told.includes('close'));
  client.events?.channelEnd();
  nowMs = 10_000;
  await eventually(() => client.told.includes('reset') && backend.told.includes('reset'));
  assert.equal(overs, 1);
});
