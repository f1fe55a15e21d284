// What a million networks in lists cost a data plane, from the text of ConfigMaps on: `node --expose-gc` this file.
// Prints one line of JSON: what the controller's work takes, how long a data plane takes to make the lists ready, how
// long the loop was held up meanwhile, what the lists hold in memory with their texts, and what a look-up takes.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { addressLines, packed } from '#controller/translate/policies/address-lines.ts';
import { addressWords } from '#dataplane/http/address.ts';
import { AddressLists } from '#dataplane/protect/address-lists.ts';
import type { AddressList } from '#snapshot/address-list.ts';
import { decodeResource } from '#snapshot/decode.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { resourceId } from '#snapshot/ids.ts';

const networksMax = 1_000_000;
/** Of a ConfigMap. */
const textMax = 1024 * 1024;

function* texts(): Generator<string> {
  let text = '';
  for (let n = 0; n < networksMax; n += 1) {
    // spread over all of the space: every tenth is of IPv6
    const at = Math.imul(n, 2_654_435_761) >>> 0;
    const line =
      n % 10 === 0
        ? `2001:${(at >>> 16).toString(16)}:${(at & 0xffff).toString(16)}:${(n >> 4).toString(16)}::/64\n`
        : `${at >>> 24}.${(at >>> 16) & 255}.${(at >>> 8) & 255}.${at & 255}/32\n`;
    if (text.length + line.length > textMax) {
      yield text;
      text = '';
    }
    text += line;
  }
  yield text;
}

const began = performance.now();
let longestMs = 0;
const encoded: string[] = [];
for (const text of texts()) {
  const begins = performance.now();
  const lines = addressLines(text);
  if (lines.bad.length > 0) throw new Error(`line ${lines.bad[0]}`);
  const id = resourceId('AddressList', 'shop', `list-${encoded.length}`);
  encoded.push(encodeResource({ kind: 'AddressList', id, ...packed([lines]) }));
  longestMs = Math.max(longestMs, performance.now() - begins);
}
const controller = { totalMs: performance.now() - began, longestMs, lists: encoded.length };

globalThis.gc?.();
await turn();
const { heapUsed, external, rss } = process.memoryUsage();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
await turn();
const from = performance.now();
const lists: AddressList[] = [];
let heldMs = 0;
for (const text of encoded) {
  await turn();
  const begins = performance.now();
  // as it comes over the wire, line by line
  const resource = decodeResource(text);
  if (resource.kind === 'AddressList') lists.push(resource);
  heldMs = Math.max(heldMs, performance.now() - begins);
}
const ready = new AddressLists();
await ready.load(lists);
const loadMs = performance.now() - from;
await turn();
delay.disable();
globalThis.gc?.();
const after = process.memoryUsage();

const addresses = Array.from({ length: 1000 }, (_, n) => {
  const at = Math.imul(n, 40_503) >>> 0;
  return addressWords(`${at >>> 24}.${(at >>> 16) & 255}.${(at >>> 8) & 255}.${at & 255}`);
});
let hits = 0;
const rounds = 200;
const looks = performance.now();
for (let round = 0; round < rounds; round += 1) {
  for (const words of addresses) {
    for (const { id } of lists) if (ready.table(id)?.has(words) === true) hits += 1;
  }
}
const lookUs = ((performance.now() - looks) * 1000) / (rounds * addresses.length);
const mebibytes = (octets: number): number => Math.round(octets / 1024 / 1024);
process.stdout.write(
  `${JSON.stringify({
    controller,
    loadMs,
    loopHeldMs: delay.max / 1e6,
    decodeLongestMs: heldMs,
    memoryMiB: mebibytes(after.heapUsed - heapUsed + after.external - external),
    encodedMiB: mebibytes(encoded.reduce((sum, text) => sum + text.length, 0)),
    rssMiB: mebibytes(after.rss - rss),
    lookUs,
    hits,
  })}\n`,
);
