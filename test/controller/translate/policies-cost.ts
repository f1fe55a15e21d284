// What 5,000 AuthPolicies cost until a data plane is ready. Run by hand: node test/controller/translate/policies-cost.ts
import { createTranslator } from '#controller/translate/translate.ts';
import { decodeResource } from '#snapshot/decode.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey, type ResourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { median } from '../../../bench/statistics.ts';
import { issuerKey } from '#test/given/token.ts';
import { bareCompiler } from '../../dataplane/compile/given-compiler.ts';
import { guards, manyRoutes, type ManyObject } from '#test/given/many-policies.ts';
import { input, reader } from './objects.ts';

const policies = 5000;
const rounds = 5;
const routes = manyRoutes(policies, 80, (await issuerKey('one')).jwk);
function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const { user, system } = process.threadCpuUsage();
  const value = work();
  const spent = process.threadCpuUsage({ user, system });
  return { ms: (spent.user + spent.system) / 1000, value };
}

/** Of a new controller and a new data plane, in milliseconds of their threads. */
function ready(
  objects: readonly ManyObject[],
): Record<'translate' | 'encode' | 'decode' | 'compile', number> {
  const translated = timed(() => createTranslator().translate(input(reader(objects))));
  const set = translated.value.snapshots.get(gatewayKey('shop', 'edge')) ?? new Map<ResourceId, Resource>();
  const encoded = timed(() => [...set.values()].map((one) => encodeResource(one)));
  const decoded = timed(
    () => new Map(encoded.value.map((one) => decodeResource(one)).map((one) => [one.id, one])),
  );
  const compiler = bareCompiler();
  const compiled = timed(() => compiler.compile({ version: 'v', resources: decoded.value }));
  return { translate: translated.ms, encode: encoded.ms, decode: decoded.ms, compile: compiled.ms };
}

const expression = (end: string) =>
  `request.method == 'GET' || 'write' in auth.scopes && request.path.startsWith('/${end}')`;
const cases = {
  'routes alone': [],
  'and a policy each': guards(policies, () => null),
  'and an expression, the same': guards(policies, () => expression('orders')),
  'and an expression of its own': guards(policies, (index) => expression(`r${index}`)),
} satisfies Record<string, readonly ManyObject[]>;

let before = 0;
for (const [name, more] of Object.entries(cases)) {
  const all = Array.from({ length: rounds }, () => ready([...routes, ...more]));
  const of = (part: keyof (typeof all)[number]) => median(all.map((one) => one[part]));
  const sum = of('translate') + of('encode') + of('decode') + of('compile');
  const parts = (['translate', 'encode', 'decode', 'compile'] as const)
    .map((part) => `${part} ${of(part).toFixed(0)}`)
    .join(', ');
  const rise = before === 0 ? '' : ` (${(sum - before).toFixed(0)} more than routes alone)`;
  process.stdout.write(`${name}: ${sum.toFixed(0)} ms${rise}: ${parts}\n`);
  if (before === 0) before = sum;
}
