// What a million networks in lists cost both planes, from the text of ConfigMaps on. Says a line of JSON.
// usage: lists-program.ts   (node --expose-gc)
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

/** What a million networks cost. */
export interface ListsCost {
  /** Of all ConfigMaps, and of the one that took longest; `lists` are as many as ConfigMaps. */
  readonly controller: { readonly totalMs: number; readonly longestMs: number; readonly lists: number };
  /** From when a data plane has their texts until they are ready. */
  readonly loadMs: number;
  /** The longest that its event loop was held meanwhile. */
  readonly loopHeldMs: number;
  /** In a data plane, with their texts. */
  readonly mebibytes: number;
  /** Microseconds to look for an address in all lists. */
  readonly lookUs: number;
  /** Found among a thousand addresses, all rounds together. */
  readonly hits: number;
}

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

/** Twice, since what the first collection lets go of outside of the heap is given back after it. */
async function octetsHeld(): Promise<number> {
  for (let time = 0; time < 2; time += 1) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
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

const before = await octetsHeld();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
await turn();
const from = performance.now();
const lists: AddressList[] = [];
for (const text of encoded) {
  await turn();
  // as it comes over the wire, line by line
  const resource = decodeResource(text);
  if (resource.kind === 'AddressList') lists.push(resource);
}
const ready = new AddressLists();
await ready.load(lists);
const loadMs = performance.now() - from;
await turn();
delay.disable();
const octets = (await octetsHeld()) - before;

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
const cost: ListsCost = {
  controller,
  loadMs,
  loopHeldMs: delay.max / 1e6,
  mebibytes: octets / 2 ** 20,
  lookUs,
  hits,
};
process.stdout.write(`${JSON.stringify(cost)}\n`);
