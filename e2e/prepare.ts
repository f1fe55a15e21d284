/** Builds what the end-to-end tests run on, and nothing else: `npm run e2e` does the same first. */
import { binaries } from './cluster/binaries.ts';
import { gatewayApiCrds } from './cluster/gateway-api-crds.ts';

const startedAt = performance.now();
await binaries();
await gatewayApiCrds('experimental');
console.log(`e2e: prepared in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
