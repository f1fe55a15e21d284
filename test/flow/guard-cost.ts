// What a policy costs a request in the whole proxy: the paired difference to a route without one, with its interval.
// Client, backend and both planes share this thread, whose time is what is counted. Run by hand:
// node test/flow/guard-cost.ts
import { hash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { givenKey } from '#test/given/api-key.ts';
import { givenBackend } from '#test/given/backend.ts';
import { givenIssuer, issuerJwks, issuerName } from '#test/given/issuer.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';
import { spread } from '../../bench/statistics.ts';

const consumers = 100_000;
const consumersInSecret = 5000;
const pairs = 100;
const requests = 300;

const jwt = `{ authenticate: [{ name: staff, type: JWT, jwt: { issuer: "${issuerName}", jwks: ${issuerJwks} } }] }`;
const keys =
  '{ authenticate: [{ name: partners, type: APIKey, apiKey: { secretSelector: { matchLabels: { keys: all } } } }] }';
const entry = `{ authorize: [{ name: may, when: "request.method == 'GET' || 'write' in auth.scopes" }] }`;

/** A file a Secret: together they are more than a folder takes of one. */
function secrets(): Record<string, string> {
  const files = Array.from({ length: consumers / consumersInSecret }, (_, at) => {
    const lines = Array.from({ length: consumersInSecret }, (__, index) => {
      const number = at * consumersInSecret + index;
      return `sha256:${hash('sha256', givenKey(number), 'hex')};consumer=c${number}`;
    });
    const data = JSON.stringify({ all: lines.join('\n') });
    const metadata = `{ name: many-${at}, labels: { keys: all } }`;
    return [
      `many-${at}.yaml`,
      `apiVersion: v1\nkind: Secret\nmetadata: ${metadata}\nstringData: ${data}\n`,
    ] as const;
  });
  return Object.fromEntries(files);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

async function ask(port: number, path: string, headers: http.OutgoingHttpHeaders): Promise<void> {
  const asked = http.get({
    host: '127.0.0.1',
    port,
    path,
    agent,
    headers: { host: 'example.com', ...headers },
  });
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
}

/** Microseconds of this thread for one request. */
async function costOf(
  { port }: GivenStandalone,
  path: string,
  headers: http.OutgoingHttpHeaders,
): Promise<number> {
  const start = process.threadCpuUsage();
  for (let count = 0; count < requests; count += 1) await ask(port, path, headers);
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / requests;
}

await using shop = await givenBackend('shop');
await using issuer = await givenIssuer();
await using turnpike = await givenStandalone({
  'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('issuer', issuer.backend.port)].join(
    '---',
  ),
  'routes.yaml': ['open', 'again', 'jwt', 'keys', 'entry']
    .map((name) => pathRouteManifest(name, `/${name}`, 'shop'))
    .join('---'),
  'policies.yaml': [
    authPolicyManifest('jwt', jwt),
    authPolicyManifest('keys', keys),
    authPolicyManifest('entry', entry),
  ].join('---'),
  ...secrets(),
});
const guarded = {
  again: {},
  jwt: { authorization: `Bearer ${await issuer.token()}` },
  keys: { 'x-api-key': givenKey(77_777) },
  entry: {},
} satisfies Record<string, http.OutgoingHttpHeaders>;

for (const [name, headers] of Object.entries(guarded)) {
  await turnpike.until(`/${name}`, 200, { headers });
  const differences: number[] = [];
  for (let pair = -10; pair < pairs; pair += 1) {
    // The same fields on both sides: what is compared is what is done with them.
    const order = pair % 2 === 0 ? ['/open', `/${name}`] : [`/${name}`, '/open'];
    const costs = new Map<string, number>();
    for (const path of order) costs.set(path, await costOf(turnpike, path, headers));
    if (pair >= 0) differences.push((costs.get(`/${name}`) ?? 0) - (costs.get('/open') ?? 0));
  }
  const { median, low, high } = spread(differences);
  const told = [median, low, high].map((one) => one.toFixed(1));
  process.stdout.write(`${name}: ${told[0]} microseconds more (${told[1]} to ${told[2]})\n`);
}
agent.destroy();
