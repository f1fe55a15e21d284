import path from 'node:path';
import { parseArgs } from 'node:util';

export interface UpOptions {
  readonly folders: readonly string[];
  /** The address that listeners bind. */
  readonly address: string;
  /** Whether the demo services and the issuer of the quickstart run too. */
  readonly demo: 'Run' | 'Leave';
  readonly accessLog: 'Stdout' | 'Off';
  readonly output: 'Full' | 'Quiet';
}

export const upHelp = `usage: turnpike up [OPTION ...]   (npm start -- [OPTION ...])

Runs both planes from folders of Kubernetes manifests: no cluster, no Redis, limits in memory. Saving a manifest
takes effect at once. Endpoints may be on this machine (127.0.0.1), which a cluster refuses.

  --folder FOLDER    manifests (*.yaml, *.yml, *.json, also in folders below); may be given several times
                     (default: the quickstart's, with its demo services)
  --address ADDRESS  what listeners bind (default 127.0.0.1; 0.0.0.0 for all)
  --no-demo          do not run the quickstart's demo services and token issuer
  --access-log       print a line of JSON for each request
  --quiet            print problems only
`;

const quickstart = path.join(import.meta.dirname, '../../examples/quickstart');

/** The options, or null when only help is wanted. Throws a TypeError that names the option at fault. */
export function upOptions(args: readonly string[]): UpOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      folder: { type: 'string', multiple: true },
      address: { type: 'string', default: '127.0.0.1' },
      'no-demo': { type: 'boolean', default: false },
      'access-log': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const folders = values.folder ?? [path.join(quickstart, 'shared'), path.join(quickstart, 'standalone')];
  return {
    folders: folders.map((folder) => path.relative(process.cwd(), folder) || '.'),
    address: values.address,
    demo: values['no-demo'] || values.folder !== undefined ? 'Leave' : 'Run',
    accessLog: values['access-log'] ? 'Stdout' : 'Off',
    output: values.quiet ? 'Quiet' : 'Full',
  };
}
