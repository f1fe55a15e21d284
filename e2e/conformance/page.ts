/** docs/conformance.md, made from the reports and the table of others': numbers that nobody can mistype. */
import { featuresOfRelease, published, source } from './published.ts';
import type { PublishedReport } from './published.ts';
import { testsNameOf } from './report.ts';
import type { ConformanceReport, KeptReport, ProfileReport, Tally } from './report.ts';

const docs = 'https://gateway-api.sigs.k8s.io/concepts/conformance/';
const geps = 'https://gateway-api.sigs.k8s.io/geps';
const repository = 'https://github.com/kubernetes-sigs/gateway-api';
const profiles = ['GATEWAY-HTTP', 'GATEWAY-GRPC', 'GATEWAY-TLS', 'GATEWAY-TCP', 'GATEWAY-UDP'];

/** Kinds that their profiles list as a feature, too. */
const kindFeatures = new Set(['TCPRoute', 'UDPRoute']);

/** The page as Markdown, from the reports in docs/conformance. */
export function conformancePage(reports: readonly KeptReport[]): string {
  return `# Conformance

<!-- Made from the reports in docs/conformance by npm run e2e:conformance -- --write: change nothing here. -->

The Gateway API project judges implementations by a [suite of tests](${docs}), in profiles by kind of route: *core* tests, and *extended* ones for each feature that an implementation claims. A test may count in several profiles.

${reports.map(ownSection).join('\n\n')}

Every change runs the suite again (\`.ci/run\`): all of it on the experimental channel, and on the standard channel the features that are told and a test of each kind. A report that would differ from these fails it. What the suite must not pass is tried before: a class without a controller, and a test of each protocol while no Gateway answers.

## Beside others

What is published in [conformance/reports](${repository}/tree/${source.commit}/conformance/reports) of the Gateway API, as of ${source.date}: core and extended tests passed, of those of the features claimed. Later suites have more tests and features, so rows of different releases compare in their features only as shares.

| implementation | suite, channel | ${profiles.map((name) => name.replace('GATEWAY-', '')).join(' | ')} | extended features |
|---|---|${profiles.map(() => '---|').join('')}---|
${[...reports.map(ownRow), ...published.toSorted(byFeatures).map(publishedRow)].join('\n')}

## Extended features

${featureLists(reports)}

The suite has no test of ${list(untested)}. They are told by their proposals ([GEP-5075](${geps}/gep-5075/), [GEP-5093](${geps}/gep-5093/), [GEP-5224](${geps}/gep-5224/)), with [examples](reference/gateway-api-features.md) and tests of our own.

## Run it yourself

\`\`\`sh
npm run e2e:conformance                                # all tests, then some on the standard channel
npm run e2e:conformance -- --channel standard          # all tests on the standard channel
npm run e2e:conformance -- --consistency 5             # with 5 s instead of 30 for a change to show
npm run e2e:conformance -- --run-test HTTPRouteWeight  # one test
E2E_KUBECONFIG=~/.kube/config npm run e2e:conformance -- --installed --usable-address ADDRESS
\`\`\`

All but the last need root on Linux: they bring up a Kubernetes of their own ([how](../e2e/README.md)), install the chart, and run the released suite, compiled from its Go module. The last runs it on a cluster of yours that has the chart, and whose load balancer can give a Service this address. With \`--write\` the command runs all tests on both channels, and writes the reports and this page.
`;
}

/** Tests whose features no profile has, or not together. */
const testsInNoProfile = ['GRPCRouteNamedRule', 'GRPCRouteRequestHeaderModifier', 'HTTPRouteDisallowedKind'];

/** Features of 1.7 that no test asks for. */
const untested = [
  'ClusterTrustBundle',
  'GatewayAddressRoutability',
  'GatewayAddressRoutabilityCluster',
  'GatewayListenerFilters',
];

function ownSection({ name, report, tests }: KeptReport): string {
  const { gatewayAPIVersion, gatewayAPIChannel, implementation, date } = report;
  return `Turnpike ${implementation.version} under the suite of Gateway API ${gatewayAPIVersion} with the ${gatewayAPIChannel} channel's definitions, default time-outs, nothing skipped, ${date.slice(0, 10)} ([report](conformance/${name})):

| profile | core tests | extended tests | extended features |
|---|---|---|---|
${inOrder(report).map(profileRow).join('\n')}

In all ${tests.length} tests ran and passed ([which](conformance/${testsNameOf(name)})): every one that the suite has for gateways, also those in no profile (${list(testsInNoProfile.filter((one) => tests.includes(one)))}).`;
}

function profileRow({ name, core, extended }: ProfileReport): string {
  const supported = extended?.supportedFeatures?.length ?? 0;
  const all = supported + (extended?.unsupportedFeatures?.length ?? 0);
  return `| ${name} | ${counts(core)} | ${extended === undefined ? '-' : counts(extended)} | ${supported} of ${all} |`;
}

function counts({ statistics: { Passed, Failed, Skipped } }: Tally): string {
  const of = `${Passed} of ${Passed + Failed + Skipped} passed`;
  return Skipped === 0 ? of : `${of}, ${Skipped} skipped`;
}

function ownRow({ report, name }: KeptReport): string {
  const { gatewayAPIVersion, gatewayAPIChannel, implementation } = report;
  const tests = inOrder(report).map((profile) => {
    const counted = [...passedOf(profile.core), ...passedOf(profile.extended)] as const;
    return [profile.name, counted] as const;
  });
  return row(`**Turnpike ${implementation.version}** ([report](conformance/${name}))`, {
    gatewayAPI: gatewayAPIVersion,
    channel: gatewayAPIChannel,
    features: supportedFeatures(report).length,
    tests: Object.fromEntries(tests),
  });
}

function passedOf(tally: Tally | undefined): readonly [number, number] {
  if (tally === undefined) return [0, 0];
  const { Passed, Failed, Skipped } = tally.statistics;
  return [Passed, Passed + Failed + Skipped];
}

function publishedRow(report: PublishedReport): string {
  const link = `${repository}/blob/${source.commit.slice(0, 12)}/conformance/reports/${report.file}`;
  return row(`${report.name} ${report.version} ([report](${link}))`, report);
}

function row(
  name: string,
  report: Pick<PublishedReport, 'gatewayAPI' | 'channel' | 'features' | 'tests'>,
): string {
  const cells = profiles.map((profile) => {
    const counted = report.tests[profile];
    if (counted === undefined) return '-';
    const [core, coreAll, extended, extendedAll] = counted;
    return `${share(core, coreAll)} + ${share(extended, extendedAll)}`;
  });
  const all = featuresOfRelease[report.gatewayAPI.split('.', 2).join('.')];
  const suite = `${report.gatewayAPI}, ${report.channel}`;
  return `| ${[name, suite, ...cells, `${report.features} of ${all}`].join(' | ')} |`;
}

function share(passed: number, all: number): string {
  return passed === all ? String(all) : `${passed} of ${all}`;
}

function byFeatures(one: PublishedReport, other: PublishedReport): number {
  const profilesOf = ({ tests }: PublishedReport) => Object.keys(tests).length;
  return other.features - one.features || profilesOf(other) - profilesOf(one);
}

/** The profiles of a report, which lists them in any order. */
function inOrder(report: ConformanceReport): readonly ProfileReport[] {
  return report.profiles.toSorted((one, other) => profiles.indexOf(one.name) - profiles.indexOf(other.name));
}

/** Each once, sorted, without those that are kinds. */
export function supportedFeatures({ profiles: all }: ConformanceReport): readonly string[] {
  const names = all.flatMap(({ extended }) => extended?.supportedFeatures ?? []);
  return [...new Set(names)].filter((one) => !kindFeatures.has(one)).sort();
}

function featureLists(reports: readonly KeptReport[]): string {
  const known = reports.flatMap(({ report }) =>
    report.profiles.flatMap(({ extended }) => [
      ...(extended?.supportedFeatures ?? []),
      ...(extended?.unsupportedFeatures ?? []),
    ]),
  );
  const by = reports.map(({ report }) => supportedFeatures(report));
  const all = [...new Set(known)].filter((one) => !kindFeatures.has(one)).sort();
  const everywhere = all.filter((one) => by.every((features) => features.includes(one)));
  const nowhere = all.filter((one) => by.every((features) => !features.includes(one)));
  const somewhere = all.filter((one) => !everywhere.includes(one) && !nowhere.includes(one));
  return [
    `Supported, which is what \`status.supportedFeatures\` of the GatewayClass tells: ${list(everywhere)}.`,
    `Supported, and told, where the definitions of the experimental channel have their fields: ${list(somewhere)}.`,
    `Not supported: ${list(nowhere)}.`,
  ].join('\n\n');
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((one) => `\`${one}\``).join(', ');
}
