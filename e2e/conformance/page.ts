/** docs/conformance.md, made from the report: numbers that nobody can mistype. */
import type { ConformanceReport, ProfileReport, Tally } from './report.ts';

const docs = 'https://gateway-api.sigs.k8s.io/concepts/conformance/';

/** The page as Markdown; `reportName` is the report's file in docs/conformance. */
export function conformancePage(report: ConformanceReport, reportName: string): string {
  const { gatewayAPIVersion, gatewayAPIChannel, implementation, date } = report;
  return `# Conformance

<!-- Made from docs/conformance/${reportName} by npm run e2e:conformance -- --write: change nothing here. -->

The Gateway API project judges implementations by a [suite of tests](${docs}). Turnpike ${implementation.version} under the suite of Gateway API ${gatewayAPIVersion} (${gatewayAPIChannel} channel, default time-outs, nothing skipped), ${date.slice(0, 10)}:

| profile | core tests | extended tests | extended features |
|---|---|---|---|
${report.profiles.map(profileRow).join('\n')}

The report itself: [${reportName}](conformance/${reportName}). Every change runs the suite again (\`.ci/run\`), and a report that would differ from this one fails it.

${report.profiles.map(featureSection).join('\n\n')}

## Run it yourself

\`\`\`sh
npm run e2e:conformance                                # all tests of the profile
npm run e2e:conformance -- --run-test HTTPRouteWeight  # one test
E2E_KUBECONFIG=~/.kube/config npm run e2e:conformance -- --installed --usable-address ADDRESS
\`\`\`

The first two need root on Linux: they bring up a Kubernetes of their own ([how](../e2e/README.md)), install the chart, and run the released suite, compiled from its Go module. The last runs it on a cluster of yours that has the chart, and whose load balancer can give a Service this address. With \`--write\` it writes the report and this page.
`;
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

function featureSection({ name, extended }: ProfileReport): string {
  const list = (names: readonly string[] | undefined) =>
    names === undefined || names.length === 0 ? 'none' : names.map((one) => `\`${one}\``).join(', ');
  return `## Extended features of ${name}

Supported, which is what \`status.supportedFeatures\` of the GatewayClass tells: ${list(extended?.supportedFeatures)}.

Not supported: ${list(extended?.unsupportedFeatures)}.`;
}
