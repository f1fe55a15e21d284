// What asking callers costs: the short forms and typical expressions. Run by hand:
// node test/dataplane/filters/authenticate/authorize-cost.ts
import { Authorizer } from '#dataplane/filters/authenticate/authorizer.ts';
import { RefusalCounts } from '#dataplane/filters/authenticate/refusal-counts.ts';
import { nobody, type Exchange, type Identity } from '#dataplane/http/exchange.ts';
import type { AuthorizationEntry } from '#snapshot/authorization.ts';
import { variables } from '#test/cel/subject.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenEntry } from '#test/given/token.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const ann: Identity = {
  ...nobody,
  method: 'JWT',
  subject: 'ann',
  groups: ['dev', 'ops', 'staff'],
  scopes: ['orders.read', 'orders.write', 'profile'],
  claims: { level: 3, tenant: 'blue', org: { id: 'o1' }, roles: ['a', 'b', 'c'] },
};

const fields = [
  ['Host', 'api.example.com'],
  ['User-Agent', 'curl/8.14.1'],
  ['Accept', '*/*'],
  ['Authorization', `Bearer ${'x'.repeat(700)}`],
  ['X-Tenant', 'blue'],
  ['Content-Type', 'application/json'],
] as const;

/** Strings as the parser makes them for each request: new ones. */
function exchangeOf(round: number): Exchange {
  const target = Buffer.from(`/tenants/blue/orders/${String(round)}?page=2`, 'latin1').toString('latin1');
  const exchange = givenExchange(givenRequest({ method: 'POST', target, fields }), {
    client: { address: `10.1.2.${String(round & 127)}` },
  });
  exchange.identity = ann;
  return exchange;
}

const cases: Readonly<Record<string, Partial<AuthorizationEntry>>> = {
  methods: { methods: ['GET', 'POST'] },
  scopes: { scopes: ['orders.write'] },
  groups: { groups: ['admins', 'staff'] },
  claims: { claims: [{ claim: 'org.id', values: ['o1'] }] },
  'addresses, 64 networks': {
    allow: ['10.0.0.0/8', ...Array.from({ length: 63 }, (_, at) => `172.16.${String(at)}.0/24`)],
  },
  "request.method == 'GET' || 'orders.write' in auth.scopes": {
    when: "request.method == 'GET' || 'orders.write' in auth.scopes",
  },
  "request.path.startsWith('/tenants/' + auth.claims.tenant + '/')": {
    when: "request.path.startsWith('/tenants/' + auth.claims.tenant + '/')",
  },
  "auth.claims.level >= 3 && auth.groups.exists(g, g == 'staff')": {
    when: "auth.claims.level >= 3 && auth.groups.exists(g, g == 'staff')",
  },
  "request.headers['x-tenant'] == auth.claims.tenant": {
    when: "request.headers['x-tenant'] == auth.claims.tenant",
  },
  "request.path.matches('^/tenants/[a-z]+/orders/[0-9]+$')": {
    when: "request.path.matches('^/tenants/[a-z]+/orders/[0-9]+$')",
  },
  "cidr('10.0.0.0/8').containsIP(source.address)": { when: "cidr('10.0.0.0/8').containsIP(source.address)" },
  "request.query['page'][0] == '2'": { when: "request.query['page'][0] == '2'" },
};

const rounds = 1024;
const exchanges = Array.from({ length: rounds }, (_, round) => exchangeOf(round));
const counts = new RefusalCounts();

for (const [name, given] of Object.entries(cases)) {
  const authorizer = new Authorizer('shop/auth', [givenEntry(given)], {
    variables,
    countOf: (policy, entry, mode) => counts.of(policy, entry, mode),
  });
  let refused = 0;
  const spans = Array.from({ length: 9 }, () => {
    const began = process.threadCpuUsage();
    for (let round = 0; round < 100; round += 1) {
      for (const exchange of exchanges) if (authorizer.verdict(exchange) !== null) refused += 1;
    }
    const { user, system } = process.threadCpuUsage(began);
    return ((user + system) * 1000) / (100 * rounds);
  });
  const median = spans.toSorted((a, b) => a - b)[4] ?? 0;
  say(`${median.toFixed(0).padStart(6)} ns  ${name}${refused > 0 ? ` (${String(refused)} refused)` : ''}`);
}
