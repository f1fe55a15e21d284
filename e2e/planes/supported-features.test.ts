// status.supportedFeatures of a GatewayClass, by what the API server has: the definitions of either channel of the Gateway
// API, which may change under a controller that runs, and ClusterTrustBundles or none.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { experimentalFeatures, standardFeatures } from '#controller/translate/supported-features.ts';
import { eventually } from '../cluster/eventually.ts';
import { changeGatewayApi } from '../cluster/gateway-api-crds.ts';
import { Turnpike } from '../turnpike/turnpike.ts';

const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'turnpike' },
  spec: { controllerName: 'turnpike.dev/gateway-controller' },
};

const withoutBundles = [
  '--feature-gates=ClusterTrustBundle=false',
  '--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=false',
];

const both = [...standardFeatures, ...experimentalFeatures].sort();

describe('the features that a GatewayClass tells', () => {
  let turnpike: Turnpike;

  after(() => turnpike?.stop());

  /** Anew, with a controller that makes data planes. */
  async function install(apiServerArgs: readonly string[] = []): Promise<void> {
    await turnpike?.stop();
    const controllerArgs = ['--dataplane-image=registry.example.com/turnpike/dataplane:1.2.3'];
    turnpike = await Turnpike.install({ controllerArgs, apiServerArgs });
    await turnpike.apply(gatewayClass);
  }

  function untilTold(expected: readonly string[]): Promise<unknown> {
    return eventually('the GatewayClass tells its features', async () => {
      const { status } = (await turnpike.get('gatewayclass/turnpike')) as {
        readonly status: { readonly supportedFeatures: readonly { readonly name: string }[] };
      };
      const told = status.supportedFeatures.map(({ name }) => name);
      assert.deepEqual(told, expected);
      return true;
    });
  }

  it('are all 54 with the experimental channel', async () => {
    await install();
    await untilTold(both);
    assert.equal(both.length, 54);
  });

  it('are 50 once it has the standard channel, and the others again when that goes', async () => {
    await changeGatewayApi(turnpike.cluster, 'standard');
    await untilTold(standardFeatures);
    assert.equal(standardFeatures.length, 50);
    await changeGatewayApi(turnpike.cluster, 'experimental');
    await untilTold(both);
  });

  it('are without ClusterTrustBundle where the API server has none', async () => {
    await install(withoutBundles);
    const resources = await turnpike.kubectl('api-resources', '--output=name');
    assert.ok(!resources.includes('clustertrustbundles'));
    await untilTold(both.filter((one) => one !== 'ClusterTrustBundle'));
  });
});
