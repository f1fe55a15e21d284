// Our HTTP/2 connection against nghttp2's (as Node has it), and against itself with its octets cut anywhere: a request
// that is whole to us must be the same to nghttp2; what ends the connection there must end it, or a stream, here. What
// ends either here alone is our strictness.
import assert from 'node:assert/strict';
import { createServer } from 'node:http2';
import { duplexPair } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seed } from './fuzz-length.ts';
import { frame, preface, readFrames, settings, types } from '#test/given/h2-frames.ts';
import { GivenSession } from '#test/given/h2-session.ts';
import { connections } from './h2-connections.ts';

/** For the two comparisons below together. */
const seconds = Number(process.env['TURNPIKE_FUZZ_SECONDS'] ?? 2);
const asLongAs = {
  numRuns: Infinity,
  ...seed(),
  interruptAfterTimeLimit: Math.max(1000, (seconds * 1000) / 2),
  markInterruptAsFailure: false,
};

/** Answered by whoever has read all before it. */
const last = frame(types.ping, 0, 0, 'the last');

interface Reading {
  /** By path: the content of requests that are whole, and the trailers' first name. */
  readonly whole: Readonly<Record<string, string>>;
  /** The code that the connection ended with; null while it goes on. */
  readonly code: number | null;
  /** Whether a stream was reset for what came on it. */
  readonly resets: boolean;
}

/** Requests that are whole to us, of which nobody answers one. */
function readByUs(pieces: readonly Buffer[]): Reading & { readonly told: readonly unknown[] } {
  const given = new GivenSession();
  for (const piece of pieces) given.receive(piece);
  const whole: Record<string, string> = {};
  let lies = false;
  for (const { head, data, ended, events } of given.streams) {
    const end = ended ? 'end' : events.find((event) => event.startsWith('end'));
    if (head === null || head === 'TooLarge') continue;
    // what is told of a length is held to by who takes the content: dataplane/listen
    const { contentLength: told } = head;
    const isLie = told !== -1 && (end === undefined ? data.length > told : data.length !== told);
    lies ||= isLie;
    // nghttp2 need not tell of a request that was taken back in the same octets
    const isBack = events.some((event) => event.startsWith('reset'));
    if (end !== undefined && !isLie && !isBack) whole[head.pseudo.path] = `${data} ${end.slice(4)}`;
  }
  const told = given.streams.map(({ head, data, events }) => [
    head,
    data,
    events.filter((event) => event !== 'flush' && !event.startsWith('data')),
  ]);
  const resets = given.frames().some(({ type }) => type === types.reset);
  return { whole, code: given.fault?.code ?? null, resets: resets || lies, told: [...told, given.rejected] };
}

async function readByNode(octets: Buffer): Promise<Reading> {
  const whole: Record<string, string> = {};
  let code: number | null = null;
  let resets = false;
  const settled = Promise.withResolvers<void>();
  const server = createServer({ settings: { enableConnectProtocol: true } });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    let data = '';
    let trailer = '';
    stream.on('error', () => {});
    stream.on('data', (octets: Buffer) => (data += octets.toString('latin1')));
    stream.on('trailers', (fields) => (trailer = Object.keys(fields)[0] ?? ''));
    stream.on('end', () => {
      if (!stream.aborted) whole[headers[':path'] ?? ''] = `${data} ${trailer}`;
    });
  });
  const [client, side] = duplexPair();
  let seen: Buffer = Buffer.alloc(0);
  client.on('data', (came: Buffer) => {
    const { frames, rest } = readFrames(Buffer.concat([seen, came]));
    seen = rest;
    for (const { type, flags, payload } of frames) {
      if (type === types.ping && flags === 1 && payload.toString() === 'the last') settled.resolve();
      if (type === types.reset) resets = true;
      if (type === types.goAway) code ??= payload.readUInt32BE(4);
    }
    if (code !== null) settled.resolve();
  });
  for (const event of ['end', 'close', 'error']) client.on(event, () => settled.resolve());
  side.on('error', () => {});
  server.emit('connection', side);
  client.write(Buffer.concat([preface, settings(), octets, last]));
  await settled.promise;
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  client.destroy();
  side.destroy();
  return { whole, code, resets };
}

function cut(octets: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (octets.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => octets.subarray(start, at[index] ?? octets.length));
}

describe('what comes on a connection', () => {
  it('is the same however its octets are cut', () => {
    let most = 0;
    fc.assert(
      fc.property(connections, fc.array(fc.nat(), { maxLength: 30 }), (octets, places) => {
        const whole = readByUs([octets]);
        assert.deepEqual(readByUs(cut(octets, places)), whole);
        most = Math.max(most, Object.keys(whole.whole).length);
        if (octets.length < 300)
          assert.deepEqual(readByUs(Array.from(octets, (_, at) => octets.subarray(at, at + 1))), whole);
      }),
      asLongAs,
    );
    assert.ok(most > 2, 'no connection had three whole requests');
  });

  it('is the same to nghttp2', async () => {
    const seen = { whole: 0, ended: 0, endedThere: 0 };
    await fc.assert(
      fc.asyncProperty(connections, async (octets) => {
        const ours = readByUs([octets, last]);
        const theirs = await readByNode(octets);
        const context = octets.toString('hex');
        // INTERNAL_ERROR is trouble of its own, not what it thinks of the octets
        if (theirs.code === 2) return;
        // Node ends the connection of a client that goes with an error, whatever is under way; we let that come to its end
        if (readFrames(octets).frames.some(({ type }) => type === types.goAway)) return;
        if (theirs.code !== null && theirs.code !== 0) {
          seen.endedThere += 1;
          assert.ok(ours.code !== null || ours.resets, `nghttp2 ends it with ${theirs.code}: ${context}`);
          return;
        }
        if (ours.code !== null) seen.ended += 1;
        for (const [path, content] of Object.entries(ours.whole)) {
          assert.equal(theirs.whole[path], content, `${path} of ${context}`);
          seen.whole += 1;
        }
      }),
      asLongAs,
    );
    assert.ok(seen.whole > 20 && seen.endedThere > 5, JSON.stringify(seen));
  });
});
