/** A judge that cannot condemn is none: before a whole run, the suite is given what must fail. */
import type { Cluster } from '../cluster/cluster.ts';
import { runSuite } from './suite-run.ts';
import type { SuiteOptions } from './suite-run.ts';

const orphan = 'conformance-control';

/** Resolves with what should have failed and has not: nothing, when the suite can be believed. */
export async function unexpectedPasses(cluster: Cluster, suite: SuiteOptions): Promise<readonly string[]> {
  const believed: string[] = [];
  const noSuchTest = await runSuite({ ...suite, test: 'NoSuchTest' });
  if (noSuchTest.passed) believed.push('a test that does not exist');
  await cluster.apply([
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: orphan },
      spec: { controllerName: 'example.com/nobody' },
    },
  ]);
  try {
    const test = 'GatewayClassObservedGenerationBump';
    const timeouts = { GWCMustBeAccepted: 2 };
    const nobodys = await runSuite({ ...suite, gatewayClass: orphan, features: ['Gateway'], test, timeouts });
    if (nobodys.passed) believed.push('a GatewayClass that no controller serves');
  } finally {
    await cluster.kubectl(['delete', 'gatewayclass', orphan]);
  }
  return believed;
}
