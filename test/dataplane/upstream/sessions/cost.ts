// What a session costs a request. Run by hand: node test/dataplane/upstream/sessions/cost.ts
import { Fields } from '#dataplane/http/fields.ts';
import { onlyCookie } from '#dataplane/http/cookies.ts';
import { SessionSeal } from '#dataplane/upstream/sessions/session-seal.ts';
import { Secret } from '#snapshot/secret.ts';

const rounds = 200_000;

function measure(what: string, work: (round: number) => unknown, count = rounds): void {
  for (let round = 0; round < count / 10; round += 1) work(round);
  const from = process.hrtime.bigint();
  for (let round = 0; round < count; round += 1) work(round);
  const ns = Number(process.hrtime.bigint() - from) / count;
  process.stdout.write(`${what.padEnd(44)} ${(ns / 1_000).toFixed(2)} us\n`);
}

const seal = new SessionSeal(new Secret('key'), null);
const told = { backend: 'abcdefgh', endpoint: '10.0.0.1:8080', begunS: 0, seenS: 0 };
const token = seal.seal('rule', told);
const fields = new Fields();
fields.append('cookie', `a=${'b'.repeat(200)}; at=${token}; c=${'d'.repeat(200)}`);
const fresh = Array.from({ length: 20_000 }, (_, begunS) => seal.seal('rule', { ...told, begunS }));

measure('seals one', () => seal.seal('rule', told));
measure('opens one for the first time', (round) => seal.open('rule', fresh[round] ?? ''), fresh.length);
measure('refuses a forged one', (round) => seal.open('other', fresh[round] ?? ''), 10_000);
measure('finds one in 500 octets of cookies', () => onlyCookie(fields, 'at'));
measure('finds it and opens it once more', () => seal.open('rule', onlyCookie(fields, 'at') ?? ''));
