/** A judge that cannot condemn is none: before whole runs, the suite is given what must fail. */
import type { Cluster } from '../cluster/cluster.ts';
import { protocols } from './protocols.ts';
import { withoutAnswers } from './silence.ts';
import { runSuite } from './suite-run.ts';
import type { SuiteOptions } from './suite-run.ts';

const orphan = 'conformance-control';

/**
 * Resolves with what should have failed and has not: nothing, when the suite can be believed. Leaves the suite's Gateways
 * and backends there, for the run that follows.
 */
export async function unexpectedPasses(cluster: Cluster, suite: SuiteOptions): Promise<readonly string[]> {
  const believed: string[] = [];
  const noSuchTest = await runSuite({ ...suite, selection: { kind: 'One', test: 'NoSuchTest' } });
  if (noSuchTest.passed) believed.push('a test that does not exist');
  if (await passesWithoutController(cluster, suite))
    believed.push('a GatewayClass that no controller serves');
  for (const test of await passedWithoutAnswers(cluster, suite))
    believed.push(`${test}, though no Gateway could be reached`);
  return believed;
}

async function passesWithoutController(cluster: Cluster, suite: SuiteOptions): Promise<boolean> {
  await cluster.apply([
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: orphan },
      spec: { controllerName: 'example.com/nobody' },
    },
  ]);
  try {
    const { passed } = await runSuite({
      ...suite,
      gatewayClass: orphan,
      features: ['Gateway'],
      selection: { kind: 'One', test: 'GatewayClassObservedGenerationBump' },
      timeouts: { GWCMustBeAccepted: 2 },
    });
    return passed;
  } finally {
    await cluster.kubectl(['delete', 'gatewayclass', orphan]);
  }
}

/** The tests that passed, or did not run, while all statuses were right and no Gateway's address answered. */
async function passedWithoutAnswers(cluster: Cluster, suite: SuiteOptions): Promise<readonly string[]> {
  const judged = protocols.filter(({ profile }) => suite.profiles.includes(profile));
  const tests = judged.map(({ test }) => test);
  // In a cluster that is not ours nobody may be cut off from its Gateways.
  if (cluster.node === null) return [];
  const { results } = await withoutAnswers(cluster, async () =>
    runSuite({
      ...suite,
      selection: { kind: 'Some', tests },
      keep: true,
      timeouts: { MaxTimeToConsistency: 2, RequestTimeout: 1 },
    }),
  );
  return tests.filter((test) => results.find(({ name }) => name === test)?.passed !== false);
}
