// turnpike ban: who may not come, by Ban objects in a cluster or in a folder. Talks to no data plane: those follow the objects.
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { KubeError } from '#controller/kube/kube-error.ts';
import type { Ban } from '#crds/ban.ts';
import { decodeManifest } from '#crds/kind.ts';
import { addressNetwork, oneSpelling } from '#dataplane/http/address.ts';
import { noGateway } from '../idle-bans.ts';
import { optionProblem } from '../option-problem.ts';
import { plainText } from '../plain-text.ts';
import { banArguments, banHelp } from '../usage.ts';
import type { BanManifest, BanPlace } from './ban-place.ts';
import { clusterBans } from './cluster-bans.ts';
import { folderBans } from './folder-bans.ts';

/** The exit code: 0 done, 1 no such ban, or the cluster does not take it, 2 wrong options. */
export async function ban(args: readonly string[]): Promise<number> {
  let place: BanPlace | null = null;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: banArguments,
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(banHelp);
      return 0;
    }
    const [command, ...addresses] = positionals;
    const run = command === undefined ? undefined : commands.get(command);
    if (run === undefined)
      throw new TypeError(command === undefined ? 'name a command' : `there is no command ban ${command}`);
    const asked = askedFor(command ?? '', values, addresses);
    place = await placeOf(values);
    return await run(place, asked);
  } catch (error) {
    if (error instanceof KubeError) {
      console.error(`turnpike: ${error.message}`);
      return 1;
    }
    console.error(`turnpike: ${optionProblem(error)}\n\n${banHelp}`);
    return 2;
  } finally {
    await place?.close();
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof banArguments }>>['values'];

/** What is to be done. */
interface Asked {
  readonly networks: readonly string[];
  /** Null: for ever. */
  readonly expires: string | null;
  readonly reason: string | null;
}

const commands: ReadonlyMap<string, (place: BanPlace, asked: Asked) => Promise<number>> = new Map([
  ['add', add],
  ['remove', remove],
  ['list', list],
]);

/** Rules ban nobody again so soon whom somebody has let come again. */
const liftMs = 600_000;

function askedFor(command: string, values: Values, addresses: readonly string[]): Asked {
  if (command === 'list' ? addresses.length > 0 : addresses.length === 0)
    throw new TypeError(command === 'list' ? 'list takes no address' : 'name an address');
  if (command !== 'add' && values.reason !== undefined) throw new TypeError('--reason is for add');
  if (command !== 'add' && values.wide) throw new TypeError('--wide is for add');
  if (command === 'list' && values.for !== undefined) throw new TypeError('--for is for add and remove');
  const ms = values.for === undefined ? (command === 'remove' ? liftMs : null) : lastingMs(values.for);
  const networks = addresses.map(networkOf);
  const wide = networks.find(isWide);
  if (command === 'add' && !values.wide && wide !== undefined)
    throw new TypeError(
      `${wide} is ${wide.endsWith('/0') ? 'everybody' : 'a large part of all clients'}: name a narrower network (IPv4 /8 or longer, IPv6 /16 or longer), or add --wide if that is meant`,
    );
  return {
    networks,
    expires: ms === null ? null : new Date(Date.now() + ms).toISOString().replace(/\.\d+Z$/, 'Z'),
    reason: values.reason ?? null,
  };
}

async function placeOf({ folder, namespace, kubeconfig, context }: Values): Promise<BanPlace> {
  if (folder !== undefined) {
    if (kubeconfig !== undefined || context !== undefined)
      throw new TypeError('--folder is in place of a cluster: remove --kubeconfig and --context');
    return folderBans(folder, namespace ?? 'default');
  }
  return clusterBans({ kubeconfig, context }, namespace ?? null);
}

async function add(place: BanPlace, { networks, expires, reason }: Asked): Promise<number> {
  for (const network of networks) {
    const spec = {
      addresses: [network],
      ...(expires === null ? {} : { expires }),
      ...(reason === null ? {} : { reason }),
    };
    await put(place, `ban-${nameOf(network)}`, spec);
    process.stdout.write(
      `${network} is banned ${expires === null ? 'until it is removed' : `until ${expires}`}\n`,
    );
  }
  if ((await place.hasGateway()) === false) console.error(`turnpike: warning: ${noGateway(place.namespace)}`);
  return 0;
}

/** Takes away what bans exactly these networks, and lifts what rules have made of them. */
async function remove(place: BanPlace, { networks, expires }: Asked): Promise<number> {
  const bans = (await place.list()).filter(({ spec }) => spec.action === 'Refuse');
  let code = 0;
  for (const network of networks) {
    const naming = bans.filter(({ spec }) => spec.addresses.map(spelling).includes(network));
    for (const { metadata, spec } of naming) {
      if (spec.addresses.length === 1) {
        await place.remove(metadata.name);
        process.stdout.write(`Ban ${place.namespace}/${metadata.name} is gone\n`);
        continue;
      }
      console.error(
        `turnpike: Ban ${place.namespace}/${metadata.name} names other addresses too: take ${network} out of it yourself`,
      );
      code = 1;
    }
    const spec = { addresses: [network], action: 'Lift', ...(expires === null ? {} : { expires }) } as const;
    await put(place, `lift-${nameOf(network)}`, spec);
    process.stdout.write(`what rules have banned of ${network} is lifted until ${expires ?? ''}\n`);
  }
  return code;
}

async function list(place: BanPlace): Promise<number> {
  const nowMs = Date.now();
  for (const { metadata, spec } of await place.list()) {
    const { addresses, action, expires, reason = '-' } = spec;
    const isOver = expires !== undefined && Date.parse(expires) <= nowMs;
    const until = expires === undefined ? 'for ever' : `${isOver ? 'over since' : 'until'} ${expires}`;
    for (const network of addresses) tellLine([network, action, until, reason, metadata.name]);
  }
  const { bans, problems } = await place.madeByRules();
  for (const { address, policy, rule, mode, until } of bans) {
    const action = mode === 'Shadow' ? 'Shadow' : 'Refuse';
    const cause = `ProtectionPolicy ${policy} bans/${rule}`;
    tellLine([address, action, `until ${until}`, cause, '-']);
  }
  for (const problem of problems)
    console.error(`turnpike: not all that rules have banned is told: ${plainText(problem)}`);
  return problems.length === 0 ? 0 : 1;
}

function tellLine(cells: readonly string[]): void {
  process.stdout.write(`${plainText(cells.join('  '))}\n`);
}

/** Throws a TypeError where an API server would refuse it. */
async function put(place: BanPlace, name: string, spec: BanManifest['spec']): Promise<void> {
  const manifest: BanManifest = {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'Ban',
    metadata: { name, namespace: place.namespace },
    spec,
  };
  const decoded = decodeManifest('Ban', manifest);
  if (!decoded.ok)
    throw new TypeError(decoded.problems.map(({ path: field, message }) => `${field} ${message}`).join('; '));
  await place.put(manifest);
}

/** A network in one spelling; of an address that alone is told what one client has: IPv6 /64. */
function networkOf(text: string): string {
  if (text.includes('/')) return spelling(text);
  switch (isIP(text)) {
    case 4:
      return `${text}/32`;
    case 6:
      return spelling(`${addressNetwork(text, { ipv4Prefix: 32, ipv6Prefix: 64 })}::/64`);
    default:
      throw new TypeError(
        `${text} is no address: tell one such as 192.0.2.7, or a network such as 192.0.2.0/24`,
      );
  }
}

/** Whether so many clients are in it that nobody bans them but by mistake. */
function isWide(network: string): boolean {
  return Number.parseInt(network.split('/')[1] ?? '', 10) < (network.includes(':') ? 16 : 8);
}

function spelling(network: Ban['spec']['addresses'][number]): string {
  const [address = '', bits = ''] = network.split('/');
  return isIP(address) === 0 ? network : `${oneSpelling(address)}/${bits}`;
}

function nameOf(network: string): string {
  return network.replaceAll(/[.:/]/g, '-');
}

function lastingMs(text: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,4})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new TypeError(`--for ${text}: tell 30s, 10m, 12h or 90d`);
  return Number(count) * { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd'];
}
