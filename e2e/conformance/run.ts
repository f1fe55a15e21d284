/**
 * `npm run e2e:conformance [-- OPTIONS]`: installs the chart of this checkout on the cluster and lets the Gateway API's
 * released conformance suite judge it. A whole run must find what the report in docs/conformance says, and all good.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { experimentalFeatures, standardFeatures } from '#controller/translate/supported-features.ts';
import { addresses } from '../cluster/addresses.ts';
import { cacheFolder } from '../cluster/cache-folder.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { startCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/eventually.ts';
import type { Channel } from '../cluster/gateway-api-crds.ts';
import { unexpectedPasses } from './control.ts';
import { echoArchives } from './echo-image.ts';
import { clearAway, featuresOf, install, makeClass, ownClass, removeClass } from './installation.ts';
import { judge } from './judgement.ts';
import { conformancePrograms } from './programs.ts';
import { claimedProfiles, sampleTests } from './protocols.ts';
import { askForListing, runSuite } from './suite-run.ts';
import type { SuiteOptions, SuiteResult } from './suite-run.ts';

const usage = `usage: npm run e2e:conformance [-- OPTIONS]
  By default: all tests on the experimental channel of the Gateway API, and on the standard channel its
  features and some tests.
  --run-test A,B      these tests, of the features to test; one alone whether they are claimed or not; no report
  --channel NAME      all tests on this channel (experimental, standard), and nothing on the other
  --profile A,B       profiles, instead of those of the kinds of route that the GatewayClass tells
  --features A,B      features to test, instead of those that the GatewayClass tells
  --consistency N     seconds in which three answers in a row must be right, instead of 30
  --class NAME        a GatewayClass that is there, instead of one with small Gateways that is made
  --cluster NAME      the harness's cluster (default turnpike); E2E_KUBECONFIG names one of your own,
                      whose channel stays as it is
  --usable-address A, --unusable-address B
                      for GatewayStaticAddresses: what a Service of type LoadBalancer can have there, and what not
  --installed         take Turnpike as it is installed, instead of this checkout's chart and images
  --keep              leave the suite's Gateways, their class and backends there
  --write             all tests on both channels (or the one), reports into docs/conformance, and docs/conformance.md`;

const options = {
  'run-test': { type: 'string' },
  channel: { type: 'string' },
  profile: { type: 'string' },
  features: { type: 'string' },
  consistency: { type: 'string' },
  class: { type: 'string' },
  cluster: { type: 'string' },
  'usable-address': { type: 'string', default: `${addresses.onRequestPool}.10` },
  'unusable-address': { type: 'string', default: '192.0.2.1' },
  installed: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

const results = path.join(cacheFolder(), 'conformance');

/** One of the runs of a command; the last one clears away. Null: the channel that the cluster has. */
type Run = { readonly channel: Channel | null; readonly whole: boolean };

async function run(values: Values): Promise<number> {
  const [first] = runsOf(values);
  const programs = await timed('suite', conformancePrograms);
  const cluster = await clusterWith(values, first);
  await timed('installation', async () => prepare(cluster, programs.echo, values));
  await mkdir(results, { recursive: true });
  const suite = await suiteOptions(cluster, programs.suite, values);
  const good = suite.selection.kind === 'All' ? await judged(cluster, suite, values) : await passes(suite);
  if (!values.keep) await leave(cluster, values, good);
  return good ? 0 : 1;
}

/** Whether the suite can fail, and has not in any of the runs. */
async function judged(cluster: Cluster, suite: SuiteOptions, values: Values): Promise<boolean> {
  const runs = runsOf(values);
  if (!(await canFail(cluster, suite))) return false;
  for (const one of runs) {
    const keep = values.keep || one !== runs.at(-1);
    if (one.channel !== runs[0].channel)
      await timed('other channel', async () => changeChannel(values, one, suite.gatewayClass));
    const passed = one.whole
      ? await passesAll({ ...suite, keep }, values.write)
      : await passesSome(cluster, { ...suite, keep });
    if (!passed) return false;
  }
  return true;
}

/** Who comes after us finds what was there before. What failed may have left what the suite made. */
async function leave(cluster: Cluster, values: Values, good: boolean): Promise<void> {
  if (!good) await clearAway(cluster);
  if (values.class === undefined) await removeClass(cluster);
  await clusterWith(values, runsOf(values)[0]);
}

type Runs = readonly [Run, ...Run[]];

function runsOf({ channel, write, consistency }: Values): Runs {
  if (channel !== undefined && channel !== 'standard' && channel !== 'experimental')
    throw new ClusterError('command', `--channel is standard or experimental, not ${channel}`);
  if (write && consistency !== undefined)
    throw new ClusterError(
      'command',
      'a report is of runs with the time-outs of the suite: leave --consistency out',
    );
  if (process.env['E2E_KUBECONFIG']) return [{ channel: null, whole: true }];
  if (channel !== undefined) return [{ channel, whole: true }];
  return [
    { channel: 'experimental', whole: true },
    { channel: 'standard', whole: write },
  ];
}

async function clusterWith({ cluster }: Values, { channel }: Run): Promise<Cluster> {
  return startCluster({
    ...(cluster === undefined ? {} : { name: cluster }),
    ...(channel === null ? {} : { gatewayApi: channel }),
  });
}

/** Resolves when the GatewayClass tells the features of the other channel, which is that the controller has seen it. */
async function changeChannel(values: Values, to: Run, gatewayClass: string): Promise<void> {
  const cluster = await clusterWith(values, to);
  const more = to.channel === 'standard' ? [] : experimentalFeatures;
  const features = [...standardFeatures, ...more].sort().join();
  await eventually(`GatewayClass ${gatewayClass} tells the features of the ${to.channel} channel`, async () =>
    (await featuresOf(cluster, gatewayClass)).join() === features ? true : undefined,
  );
}

async function suiteOptions(cluster: Cluster, program: string, values: Values): Promise<SuiteOptions> {
  const gatewayClass = values.class ?? ownClass;
  const features = values.features === undefined ? null : listOf(values.features);
  const told = features ?? (await featuresOf(cluster, gatewayClass));
  return {
    program,
    entry: cluster.entry,
    env: cluster.env,
    gatewayClass,
    profiles: values.profile === undefined ? claimedProfiles(told) : listOf(values.profile),
    features,
    selection: selectionOf(values['run-test']),
    addresses: { usable: values['usable-address'], unusable: values['unusable-address'] },
    version: packageJson.version,
    report: path.join(results, 'report.yaml'),
    log: path.join(results, 'suite.log'),
    keep: values.keep,
    timeouts: consistencyOf(values),
  };
}

function selectionOf(names: string | undefined): SuiteOptions['selection'] {
  const [test, ...more] = listOf(names ?? '');
  if (test === undefined) return { kind: 'All' };
  return more.length === 0 ? { kind: 'One', test } : { kind: 'Some', tests: [test, ...more] };
}

function consistencyOf({ consistency }: Values): SuiteOptions['timeouts'] {
  if (consistency === undefined) return {};
  if (!/^[1-9]\d?$/.test(consistency))
    throw new ClusterError('command', `--consistency is a number of seconds, not ${consistency}`);
  return { MaxTimeToConsistency: Number(consistency) };
}

async function canFail(cluster: Cluster, suite: SuiteOptions): Promise<boolean> {
  const log = path.join(results, 'control.log');
  const believed = await timed('what must fail', async () => unexpectedPasses(cluster, { ...suite, log }));
  for (const one of believed) console.error(`conformance: the suite passed ${one}`);
  return believed.length === 0;
}

async function prepare(cluster: Cluster, echo: string, values: Values): Promise<void> {
  await clearAway(cluster);
  // A cluster of one's own pulls the suite's backend, as its manifests say; the harness's has no network.
  if (cluster.node !== null) await cluster.loadImages(await echoArchives(echo));
  if (!values.installed) await install(cluster);
  if (values.class === undefined) await makeClass(cluster);
}

async function passesAll(suite: SuiteOptions, write: boolean): Promise<boolean> {
  await rm(suite.report, { force: true });
  const result = await toldRun(suite);
  if (!result.passed) return false;
  await askForListing(suite);
  return judge(suite.report, result, write);
}

/** On another channel than that of a whole run: of each kind that there differs something, one test. */
async function passesSome(cluster: Cluster, suite: SuiteOptions): Promise<boolean> {
  const tests = sampleTests(await featuresOf(cluster, suite.gatewayClass));
  return passes({ ...suite, selection: { kind: 'Some', tests }, log: path.join(results, 'samples.log') });
}

/** Runs the suite, and tells what came of it. A chosen test that did not run has not passed. */
async function passes(suite: SuiteOptions): Promise<boolean> {
  const { passed, results } = await toldRun(suite);
  const { selection } = suite;
  const chosen = selection.kind === 'Some' ? selection.tests : [];
  const missing = chosen.filter((test) => results.every(({ name }) => name !== test));
  for (const name of missing) console.log(`  did not run: ${name}`);
  return passed && missing.length === 0;
}

async function toldRun(suite: SuiteOptions): Promise<SuiteResult> {
  const result = await timed('suite run', async () => runSuite(suite));
  tell(result, suite.log);
  return result;
}

function tell({ results: all, passed }: SuiteResult, log: string): void {
  const failed = all.filter((one) => !one.passed);
  const slowest = all.toSorted((one, other) => other.seconds - one.seconds).slice(0, 3);
  console.log(`conformance: ${all.length - failed.length} of ${all.length} tests passed`);
  console.log(
    `  slowest: ${slowest.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}`,
  );
  for (const { name } of failed) console.log(`  failed: ${name}`);
  if (!passed && failed.length === 0)
    console.log('  it failed outside of its tests: while it set up or cleared away');
  if (!passed) console.log(`  see ${log}`);
}

function listOf(text: string): readonly string[] {
  return text.split(',').filter((one) => one !== '');
}

async function timed<T>(what: string, action: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await action();
  console.log(`conformance: ${what}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

try {
  process.exitCode = await run(parseArgs({ options }).values);
} catch (error) {
  if (error instanceof ClusterError) console.error(`conformance: ${error.message}`);
  else if (error instanceof TypeError && 'code' in error) console.error(`${error.message}\n${usage}`);
  else throw error;
  process.exitCode = error instanceof ClusterError ? 1 : 2;
}
