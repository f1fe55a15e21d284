/** The command `npm run e2e:cluster`. */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { findCluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';
import { exitOf } from './command.ts';
import { down, prepareCluster, statusOf, up } from './lifecycle.ts';
import { defaultName, siteOf } from './site.ts';

const usage = `usage: npm run e2e:cluster -- VERB [--name NAME]
  prepare     get and build all that a cluster is made of
  up          bring the cluster up; safe to run again [--gateway-api standard|experimental]
  down        end it and remove all there is of it
  status      tell what runs
  kubeconfig  print the path of its administrator's kubeconfig
  exec -- COMMAND ...
              run a command where the cluster is reached, kubectl and helm in its PATH`;

async function run(words: readonly string[]): Promise<number> {
  const dashes = words.includes('--') ? words.indexOf('--') : words.length;
  const { positionals, values } = parseArgs({
    args: words.slice(0, dashes),
    allowPositionals: true,
    options: {
      name: { type: 'string', default: defaultName() },
      'gateway-api': { type: 'string' },
    },
  });
  const channel = values['gateway-api'] ?? null;
  switch (positionals.join(' ')) {
    case 'prepare':
      await prepareCluster();
      return 0;
    case 'up':
      if (channel !== null && channel !== 'standard' && channel !== 'experimental') break;
      await up(values.name, { gatewayApi: channel });
      return 0;
    case 'down':
      await down(values.name);
      return 0;
    case 'status':
      return printStatus(values.name);
    case 'kubeconfig':
      console.log(siteOf(values.name).kubeconfig);
      return 0;
    case 'exec':
      if (dashes + 1 >= words.length) break;
      return execute(values.name, words.slice(dashes + 1));
    default:
  }
  console.error(usage);
  return 2;
}

async function execute(name: string, command: readonly string[]): Promise<number> {
  const { entry, env } = await findCluster(name);
  const [program, ...rest] = [...entry, ...command];
  const { code } = await exitOf(spawn(program, rest, { env, stdio: 'inherit' }), program);
  return code ?? 1;
}

async function printStatus(name: string): Promise<number> {
  const { ground, servers } = await statusOf(name);
  if (ground === 'nothing') {
    console.log(`there is no cluster ${name}`);
    return 3;
  }
  for (const [server, pid] of Object.entries(servers))
    console.log(`${server}: ${pid === null ? 'ended' : `process ${pid}`}`);
  const isUp = ground === 'whole' && Object.values(servers).every((pid) => pid !== null);
  console.log(isUp ? `cluster ${name} is up` : `cluster ${name} is broken; \`up\` mends it`);
  return isUp ? 0 : 3;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`e2e: ${error.message}`);
  process.exitCode = 1;
}
