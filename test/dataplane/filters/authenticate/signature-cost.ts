// What checking a signature costs, where: on the event loop, in libuv's threads, or by WebCrypto through jose. Run by
// hand: node test/dataplane/filters/authenticate/signature-cost.ts
import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import { issuerKey } from '#test/given/token.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const rounds = 4000;
const together = 16;

interface Signed {
  readonly text: string;
  readonly content: Buffer;
  readonly signature: Buffer;
}

/** CPU of the main thread, CPU of all threads, and time, each in microseconds a signature. */
async function costOf(
  work: (one: Signed) => Promise<unknown> | boolean,
  all: readonly Signed[],
): Promise<string> {
  const begin = performance.now();
  const main = process.threadCpuUsage();
  const whole = process.cpuUsage();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < rounds) {
      const one = all[next++ % all.length];
      if (one === undefined) return;
      const done = work(one);
      if (done === false) throw new Error('a good signature was refused');
      if (done !== true) await done;
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  const each = (microseconds: number): string => (microseconds / rounds).toFixed(1).padStart(7);
  const mainUsed = process.threadCpuUsage(main);
  const wholeUsed = process.cpuUsage(whole);
  return `main thread ${each(mainUsed.user + mainUsed.system)}  all threads ${each(wholeUsed.user + wholeUsed.system)}  time ${each((performance.now() - begin) * 1000)}`;
}

for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'] as const) {
  const issuer = await issuerKey('one', alg);
  const members = Object.fromEntries(Object.entries(issuer.jwk).filter(([, value]) => value !== null));
  const key: KeyObject = createPublicKey({ key: members, format: 'jwk' });
  const options = {
    key,
    dsaEncoding: 'ieee-p1363' as const,
    ...(alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}),
  };
  const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const tokens = await Promise.all(
    Array.from({ length: 256 }, (_, jti) => issuer.sign({ jti: String(jti), scope: 'read write admin' })),
  );
  const all = tokens.map((text): Signed => {
    const at = text.lastIndexOf('.');
    return {
      text,
      content: Buffer.from(text.slice(0, at), 'latin1'),
      signature: Buffer.from(text.slice(at + 1), 'base64url'),
    };
  });
  const ways = {
    'event loop': ({ content, signature }: Signed) => verify(digest, content, options, signature),
    'libuv threads': ({ content, signature }: Signed) =>
      new Promise((resolve, reject) => {
        verify(digest, content, options, signature, (error, good) =>
          error === null && good ? resolve(good) : reject(error ?? new Error('a good signature was refused')),
        );
      }),
    'jose, WebCrypto': ({ text }: Signed) => compactVerify(text, key, { algorithms: [alg] }),
  };
  for (const [name, way] of Object.entries(ways)) {
    await costOf(way, all);
    say(`${alg} ${name.padEnd(16)} ${await costOf(way, all)}`);
  }
}
