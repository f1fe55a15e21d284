/**
 * `npm run e2e:conformance [-- OPTIONS]`: installs the chart of this checkout on the cluster and lets the Gateway API's
 * released conformance suite judge it. A whole run must find what the report in docs/conformance says, and all good.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { addresses } from '../cluster/addresses.ts';
import { cacheFolder } from '../cluster/cache-folder.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { startCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { unexpectedPasses } from './control.ts';
import { echoArchives } from './echo-image.ts';
import { clearAway, install, makeClass, ownClass, removeClass } from './installation.ts';
import { conformancePage } from './page.ts';
import { conformancePrograms } from './programs.ts';
import { keptReport, nameOf, readReport, reportFolder, sameFindings, shortcomings } from './report.ts';
import { runSuite } from './suite-run.ts';
import type { SuiteOptions, SuiteResult } from './suite-run.ts';

const usage = `usage: npm run e2e:conformance [-- OPTIONS]
  --run-test NAME     one test, whether its features are claimed or not; no report
  --profile A,B       profiles (default GATEWAY-HTTP)
  --features A,B      features to test, instead of those that the GatewayClass tells
  --class NAME        a GatewayClass that is there, instead of one with small Gateways that is made
  --cluster NAME      the harness's cluster (default turnpike); E2E_KUBECONFIG names one of your own
  --usable-address A, --unusable-address B
                      for GatewayStaticAddresses: what a Service of type LoadBalancer can have there, and what not
  --installed         take Turnpike as it is installed, instead of this checkout's chart and images
  --keep              leave the suite's Gateways, their class and backends there
  --write             write the report into docs/conformance, and docs/conformance.md`;

const options = {
  'run-test': { type: 'string' },
  profile: { type: 'string', default: 'GATEWAY-HTTP' },
  features: { type: 'string' },
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
const reportFile = path.join(results, 'report.yaml');
const logFile = path.join(results, 'suite.log');

async function run(values: Values): Promise<number> {
  const programs = await timed('suite', conformancePrograms);
  const cluster = await startCluster(values.cluster === undefined ? {} : { name: values.cluster });
  await timed('installation', async () => prepare(cluster, programs.echo, values));
  await mkdir(results, { recursive: true });
  await rm(reportFile, { force: true });
  const suite: SuiteOptions = {
    program: programs.suite,
    entry: cluster.entry,
    env: cluster.env,
    gatewayClass: values.class ?? ownClass,
    profiles: listOf(values.profile),
    features: values.features === undefined ? null : listOf(values.features),
    test: values['run-test'] ?? null,
    addresses: { usable: values['usable-address'], unusable: values['unusable-address'] },
    version: packageJson.version,
    report: reportFile,
    log: logFile,
    keep: values.keep,
  };
  if (suite.test === null && !(await canFail(cluster, suite))) return 1;
  const result = await timed('suite run', async () => runSuite(suite));
  if (values.class === undefined && !values.keep) await removeClass(cluster);
  tell(result);
  if (suite.test !== null || !result.passed) return result.passed ? 0 : 1;
  return judge(values.write);
}

async function canFail(cluster: Cluster, suite: SuiteOptions): Promise<boolean> {
  const believed = await timed('what must fail', async () => unexpectedPasses(cluster, suite));
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

function tell({ tests, passed }: SuiteResult): void {
  const failed = tests.filter((one) => !one.passed);
  const slowest = tests.toSorted((one, other) => other.seconds - one.seconds).slice(0, 3);
  console.log(`conformance: ${tests.length - failed.length} of ${tests.length} tests passed`);
  console.log(
    `  slowest: ${slowest.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}`,
  );
  for (const { name } of failed) console.log(`  failed: ${name}`);
  if (!passed && failed.length === 0)
    console.log('  it failed outside of its tests: while it set up or cleared away');
  if (!passed) console.log(`  see ${logFile}`);
}

/** Compares the report with the one in the repository, or puts it there. */
async function judge(write: boolean): Promise<number> {
  const text = await readFile(reportFile, 'utf8');
  const report = readReport(text);
  const wrong = shortcomings(report);
  for (const one of wrong) console.error(`conformance: ${one}`);
  if (wrong.length > 0) return 1;
  if (write) {
    await rm(reportFolder, { recursive: true, force: true });
    await mkdir(reportFolder, { recursive: true });
    await writeFile(path.join(reportFolder, nameOf(report)), text);
    await writeFile(`${reportFolder}.md`, conformancePage(report, nameOf(report)));
    return 0;
  }
  const kept = await keptReport();
  if (sameFindings(report, kept.report)) return 0;
  console.error(
    `conformance: the report is another than docs/conformance/${kept.name}: run with --write and read it`,
  );
  console.error(text);
  return 1;
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
