import { binaries } from './cluster/binaries.ts';
import { gatewayApiCrds } from './cluster/gateway-api-crds.ts';
import { helm } from './cluster/helm.ts';

/** Gets what the end-to-end tests run on, so that nothing is left to download once they are cut off from the network. */
export async function prepare(): Promise<void> {
  const startedAt = performance.now();
  await binaries();
  await helm();
  await gatewayApiCrds('experimental');
  console.log(`e2e: prepared in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

if (import.meta.main) await prepare();
