import path from 'node:path';
import { built } from './binaries.ts';
import type { Build } from './binaries.ts';

// What `helm template` and `helm lint` take the cluster for: that of kubernetes/go.mod.
const kubernetesVersion = { Major: '1', Minor: '34' };

const build: Build = {
  name: 'helm',
  module: 'helm.sh/helm/v3',
  command: { package: 'helm.sh/helm/v3/cmd/helm' },
  goAtLeast: '1.26',
  linkerFlags: (version) =>
    [
      `-X helm.sh/helm/v3/internal/version.version=${version}`,
      ...Object.entries(kubernetesVersion).flatMap(([part, value]) =>
        ['chartutil', 'lint/rules'].map(
          (where) => `-X helm.sh/helm/v3/pkg/${where}.k8sVersion${part}=${value}`,
        ),
      ),
    ].join(' '),
};

/** The path of helm, built when the cache does not have it: two minutes, once. */
export async function helm(): Promise<string> {
  return path.join(await built(build), build.name);
}
