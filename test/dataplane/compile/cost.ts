// What compiling and matching cost. Run by hand: node test/dataplane/compile/cost.ts
import { httpPortOf } from '../../given/runtime.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type { Route } from '#snapshot/route.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { givenRequest } from '#test/given/request.ts';
import { attached, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { bareCompiler, httpListener } from './given-compiler.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const layouts = {
  'a host each': (index: number) => ({ host: `h${index}.example.com`, path: `/api/v1/${index % 10}` }),
  'one host, a prefix each': (index: number) => ({ host: 'example.com', path: `/api/v1/service-${index}` }),
} satisfies Record<string, (index: number) => { host: string; path: string }>;

function routesOf(count: number, layout: (index: number) => { host: string; path: string }): Route[] {
  return Array.from({ length: count }, (_, index) => {
    const { host, path } = layout(index);
    const rules = ['', '/items', '/orders'].map((end, rule) =>
      givenRule({ name: String(rule), matches: [givenMatch({ path: `Prefix ${path}${end}` })] }),
    );
    return givenRoute(`n${index % 50}/r${index}`, {
      createdMs: index,
      attachments: [attached('http', [host])],
      rules,
    });
  });
}

function setOf(routes: readonly Route[]) {
  const resources: Resource[] = [httpListener(), ...routes];
  return { version: 'v', resources: new Map(resources.map((one) => [one.id, one])) };
}

// CPU time of this thread: the machine may be busy with other things.
function timed(work: () => unknown): number {
  const start = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000;
}

function nanosecondsEach(rounds: number, work: (round: number) => unknown): number {
  const spans = Array.from({ length: 7 }, () =>
    timed(() => {
      for (let round = 0; round < rounds; round += 1) work(round);
    }),
  );
  return (spans.toSorted((a, b) => a - b)[3] ?? 0) * (1e6 / rounds);
}

for (const [name, layout] of Object.entries(layouts)) {
  for (const count of [100, 1000, 10_000]) {
    const routes = routesOf(count, layout);
    const made = bareCompiler();
    const first = timed(() => made.compile(setOf(routes)));
    const oneChanged = Array.from({ length: 5 }, (_, at) => {
      const changed = setOf(routes.with(at, { ...(routes[at] as Route) }));
      return timed(() => made.compile(changed));
    }).toSorted((a, b) => a - b)[2];
    const same = setOf(routes);
    made.compile(same);
    const unchanged = timed(() => made.compile(same));
    const { runtime } = made.compile(same);
    const requests = Array.from({ length: 1024 }, (_, at) => {
      const { host, path } = layout((at * 7919) % count);
      return givenRequest({
        host,
        target: `${path}/items/${at}`,
        fields: [
          ['accept', '*/*'],
          ['user-agent', 'x'],
        ],
      });
    });
    const router = httpPortOf(runtime, 80)?.router;
    let found = 0;
    const match = nanosecondsEach(200_000, (round) => {
      const request = requests[round & 1023];
      if (request !== undefined && router?.listenerFor(request.host)?.match(request, () => 0)) found += 1;
    });
    say(
      `${name}, ${count} routes x 3 rules: first ${first.toFixed(1)} ms, one changed ${oneChanged?.toFixed(1)} ms, ` +
        `nothing changed ${unchanged.toFixed(1)} ms, match ${match.toFixed(0)} ns (${found} found)`,
    );
  }
}

const issuer = await issuerKey('one');
for (const [name, setsOf] of [
  ['one issuer', () => 1],
  ['an issuer each', (count: number) => count],
] as const) {
  const count = 5000;
  const sets = Array.from({ length: setsOf(count) }, (_, at) => givenKeySet(`ids${at}`, issuer));
  const policies = Array.from({ length: count }, (_, at): Authentication => {
    const keySet = sets[at % sets.length]?.id ?? resourceId('KeySet', 'none');
    return {
      ...givenAuthentication(givenJwt({ keySet })),
      id: resourceId('Authentication', 'shop', `p${at}`),
    };
  });
  const routes = routesOf(count, layouts['a host each']).map((route, at) => ({
    ...route,
    rules: route.rules.map((rule) => ({
      ...rule,
      authentications: [resourceId('Authentication', 'shop', `p${at}`)],
    })),
  }));
  const withPolicies = (all: readonly Authentication[]) => {
    const { version, resources } = setOf(routes);
    const more = [...all, ...sets].map((one): [ResourceId, Resource] => [one.id, one]);
    return { version, resources: new Map([...resources, ...more]) };
  };
  const without = timed(() => bareCompiler().compile(setOf(routes)));
  const made = bareCompiler();
  const first = timed(() => made.compile(withPolicies(policies)));
  const changed = withPolicies(policies.with(7, { ...(policies[7] as Authentication) }));
  const one = timed(() => made.compile(changed));
  say(
    `${count} policies, ${name}: ready after ${first.toFixed(0)} ms (the routes alone ${without.toFixed(0)}), ` +
      `after a change of one ${one.toFixed(0)} ms`,
  );
}
