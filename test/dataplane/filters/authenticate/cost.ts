// What a token costs that has passed before, and one that has not. Run by hand: node test/dataplane/filters/authenticate/cost.ts
import { createHash, hash } from 'node:crypto';
import { fieldLine } from '#dataplane/http/fields.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { bearing, gate } from './gate.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function nanosecondsEach(rounds: number, work: (round: number) => unknown): number {
  const spans = Array.from({ length: 7 }, () => {
    const start = process.threadCpuUsage();
    for (let round = 0; round < rounds; round += 1) work(round);
    return process.threadCpuUsage(start).user / 1000;
  });
  return median(spans) * (1e6 / rounds);
}

for (const alg of ['ES256', 'RS256'] as const) {
  const key = await issuerKey('one', alg);
  const rule = givenJwt({ claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] });
  const filter = gate().filter(givenAuthentication(rule), givenKeySet('ids', key));
  const tokens = await Promise.all(
    Array.from({ length: 512 }, (_, jti) => key.sign({ jti: String(jti), scope: 'read write admin' })),
  );
  const start = performance.now();
  for (const token of tokens) await filter.apply(bearing(token));
  say(
    `${alg}: first time ${(((performance.now() - start) / tokens.length) * 1000).toFixed(0)} us, token of ${tokens[0]?.length} characters`,
  );

  // A string as the parser makes it for each request: new, its hash not known yet.
  const octets = tokens.map((token) =>
    Buffer.from(`GET / HTTP/1.1\r\nauthorization: Bearer ${token}\r\n`, 'latin1'),
  );
  const received = (round: number): string => {
    const line = octets[round & 511];
    return line === undefined ? '' : line.toString('latin1', 31, line.length - 2);
  };
  const exchanges = tokens.map((token) => bearing(token));
  const cost = (work: (value: string, round: number) => unknown): number =>
    nanosecondsEach(100_000, (round) => work(received(round), round)) - nanosecondsEach(100_000, received);
  let passed = 0;
  const hit = cost((value, round) => {
    const exchange = exchanges[round & 511];
    if (exchange === undefined) return;
    exchange.request.fields.flat[1] = fieldLine('Authorization', value);
    if (filter.apply(exchange) === null) passed += 1;
  });
  say(`${alg}: known, by its spelling ${hit.toFixed(0)} ns, all of apply() (${passed} passed at once)`);
  say(
    `${alg}: SHA-256 of it alone, crypto.hash ${cost((value) => hash('sha256', value, 'latin1')).toFixed(0)} ns, ` +
      `createHash ${cost((value) => createHash('sha256').update(value, 'latin1').digest('latin1')).toFixed(0)} ns`,
  );
}
