// What an API key among a hundred thousand costs: time a request, and memory. Run by hand:
// node --expose-gc test/dataplane/filters/authenticate/api-key-cost.ts
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Compiler } from '#dataplane/compile/compiler.ts';
import { createAuthenticating } from '#dataplane/filters/authenticate/authenticating.ts';
import { GuessCounters } from '#dataplane/filters/rate-limit/guess-counters.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import { resourceOf } from '#snapshot/decode.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import { credentialOfKey, givenApiKeys, givenCredentials, givenKey } from '#test/given/api-key.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { carrying } from './gate.ts';

const sets = 20;
const perSet = 5_000;
const rounds = 200_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function settledRss(): number {
  for (let turn = 0; turn < 4; turn += 1) globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** One set a line, made by another process so that none of its garbage is counted here. */
function encodedSets(): string {
  return Array.from({ length: sets }, (_, set) => {
    const keys = Array.from({ length: perSet }, (_, at) =>
      credentialOfKey(givenKey(set * perSet + at), {
        consumer: `partner-${set * perSet + at}`,
        plan: 'gold',
        groups: ['partners', 'eu'],
        expiresS: 4_000_000_000,
      }),
    );
    return encodeResource(givenCredentials(keys, idOf(set)));
  }).join('\n');
}

function idOf(set: number): ResourceId {
  return resourceId('CredentialSet', 'Secret', 'shop', `keys-${set}`);
}

if (process.argv[2] === 'encode') {
  process.stdout.write(encodedSets());
  process.exit();
}

const authenticating = createAuthenticating({
  call: () => Promise.resolve({ kind: 'Failed', detail: 'nobody is there' }),
  now: Date.now,
  onMissingKey: () => undefined,
  limitsOfPlan: () => ({ kind: 'Plan', apply: () => null }),
  guards: new GuessCounters({ onBlock: () => undefined }),
});
const upstreams = createUpstreams();
const compiler = new Compiler({
  upstreams,
  rateLimiting: {
    filterFor: () => ({ kind: 'RateLimit', apply: () => null }),
    usePlans: () => {},
    needsNoIdentity: () => true,
  },
  authenticating,
  metering: { filterFor: () => ({ kind: 'Metering', apply: () => null }) },
  protecting: {
    guardFor: () => ({
      admit: () => ({ leave: () => {} }),
      judgesRequests: false,
      judge: () => null,
      refusal: () => null,
    }),
  },
});
const ids = Array.from({ length: sets }, (_, set) => idOf(set));
const authentication = givenAuthentication(givenApiKeys({ keys: ids }));
const file = path.join(mkdtempSync(path.join(tmpdir(), 'keys-')), 'sets');
const out = openSync(file, 'w');
execFileSync(process.execPath, [import.meta.filename, 'encode'], { stdio: ['ignore', out, 'inherit'] });
const before = settledRss();
// As a data plane gets it: text in, and the text is kept beside what is read from it.
const held = readFileSync(file, 'latin1')
  .split('\n')
  .map((line) => {
    const encoded = Buffer.from(line, 'latin1').toString('latin1');
    return { encoded, resource: resourceOf(JSON.parse(encoded)) };
  });
const filter = authenticating.filterFor(authentication, []).filter;
const start = performance.now();
compiler.compile({
  version: 'v1',
  resources: new Map(held.map(({ resource }) => [resource.id, resource])),
});
const compileMs = performance.now() - start;
const after = settledRss();
const characters = held.reduce((sum, { encoded }) => sum + encoded.length, 0);
say(
  `${sets * perSet} keys in ${sets} sets: ${megabytes(characters)} encoded, indexed in ${compileMs.toFixed(0)} ms`,
);
say(`memory with texts and index: ${megabytes(after - before)} more`);

const keys = Array.from({ length: 4096 }, (_, at) => givenKey((at * 24_407) % (sets * perSet)));
const octets = keys.map((key) => Buffer.from(`x-api-key: ${key}`, 'latin1'));
const received = (round: number): string => octets[round & 4095]?.toString('latin1', 11) ?? '';
const unknown = Array.from({ length: 4096 }, (_, at) => Buffer.from(givenKey(10_000_000 + at), 'latin1'));
const exchange = carrying(['X-API-Key', '']);

function nanosecondsEach(work: (round: number) => unknown): number {
  const spans = Array.from({ length: 7 }, () => {
    const from = process.threadCpuUsage();
    for (let round = 0; round < rounds; round += 1) work(round);
    return process.threadCpuUsage(from).user / 1000;
  });
  return (spans.toSorted((a, b) => a - b)[3] ?? 0) * (1e6 / rounds);
}

let passed = 0;
const string = nanosecondsEach(received);
const sha = nanosecondsEach((round) => hash('sha256', received(round), 'latin1')) - string;
const apply = (value: string): void => {
  exchange.request.fields.flat[1] = fieldLine('X-API-Key', value);
  if (filter.apply(exchange) === null) passed += 1;
};
const hit = nanosecondsEach((round) => apply(received(round))) - string;
const hits = passed;
const miss = nanosecondsEach((round) => apply(unknown[round & 4095]?.toString('latin1') ?? '')) - string;
say(`SHA-256 of a fresh string alone ${sha.toFixed(0)} ns`);
say(
  `a known key, all of apply() ${hit.toFixed(0)} ns (${hits} passed); an unknown one ${miss.toFixed(0)} ns`,
);
upstreams.close();
