// What sealing and opening a session costs, by node:crypto as it is done and by JWE of jose as it could be:
// `sh cli/runtime.sh test/dataplane/filters/authenticate/login-cost.ts`.
import { randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { LoginSecrets } from '#dataplane/filters/authenticate/login/login-seal.ts';
import { givenLoginSecret } from '#test/given/login.ts';

const rounds = 20_000;
const secrets = new LoginSecrets();
secrets.use(givenLoginSecret());
const seal = secrets.sealFor('cost');
const key = randomBytes(32);

async function perRound(work: () => unknown): Promise<string> {
  for (let round = 0; round < rounds / 10; round += 1) await work();
  const before = process.cpuUsage();
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round += 1) await work();
  const { user, system } = process.cpuUsage(before);
  const wall = ((performance.now() - startedMs) * 1000) / rounds;
  return `${wall.toFixed(1)} us, ${((user + system) / rounds).toFixed(1)} us of processors`;
}

for (const characters of [1500, 6000]) {
  const content = randomBytes(characters / 2).toString('hex');
  const text = seal.seal(content, 'shop.example.com') ?? '';
  const made = () =>
    new CompactEncrypt(Buffer.from(content)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key);
  const token = await made();
  process.stdout.write(`${characters} characters\n`);
  process.stdout.write(`  seal: ${await perRound(() => seal.seal(content, 'shop.example.com'))}\n`);
  process.stdout.write(`  open: ${await perRound(() => seal.open(text, 'shop.example.com'))}\n`);
  process.stdout.write(`  jose, seal: ${await perRound(made)}\n`);
  process.stdout.write(`  jose, open: ${await perRound(() => compactDecrypt(token, key))}\n`);
}
