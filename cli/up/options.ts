import path from 'node:path';
import { parseArgs } from 'node:util';
import { upArguments } from '../usage.ts';

export interface UpOptions {
  readonly folders: readonly string[];
  /** The address that listeners bind. */
  readonly address: string;
  /** Whether the demo services and the issuer of the quickstart run too. */
  readonly demo: 'Run' | 'Leave';
  /** Where health, metrics and the running config are told; null for nowhere. */
  readonly admin: { readonly host: string; readonly port: number } | null;
  /** Where the journal of what Consumers use is kept; null for nowhere. */
  readonly usageJournal: string | null;
  /** The file that is told of it; null: none. */
  readonly usageEvents: string | null;
  readonly accessLog: 'Stdout' | 'Off';
  readonly output: 'Full' | 'Quiet';
}

const quickstart = path.join(import.meta.dirname, '../../examples/quickstart');

/** The options, or null when only help is wanted. Throws a TypeError that names the option at fault. */
export function upOptions(args: readonly string[]): UpOptions | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: upArguments,
    allowNegative: true,
    allowPositionals: true,
  });
  if (values.help) return null;
  const [stray] = positionals;
  if (stray !== undefined) throw new TypeError(`Unexpected argument '${stray}': name folders with --folder`);
  const folders = values.folder ?? [path.join(quickstart, 'shared'), path.join(quickstart, 'standalone')];
  const admin = values['admin-address'];
  const { 'usage-journal': usageJournal = null, 'usage-events': usageEvents = null } = values;
  if (usageEvents !== null && usageJournal === null)
    throw new TypeError('--usage-events needs --usage-journal: what is told is what is there');
  if (usageEvents !== null && /^[a-z][a-z0-9+.-]*:\/\//i.test(usageEvents))
    throw new TypeError(
      `--usage-events is no file: ${usageEvents}: name one; only the data planes of a cluster tell servers (TURNPIKE_USAGE_EVENTS)`,
    );
  return {
    folders: folders.map(shortened),
    address: values.address,
    demo: (values.demo ?? values.folder === undefined) ? 'Run' : 'Leave',
    admin: admin === undefined ? null : hostAndPort(admin),
    usageJournal,
    usageEvents,
    accessLog: values['access-log'] ? 'Stdout' : 'Off',
    output: values.quiet ? 'Quiet' : 'Full',
  };
}

/** The path from here when it is below, as it is else. */
function shortened(folder: string): string {
  const relative = path.relative(process.cwd(), folder) || '.';
  return relative.startsWith('..') ? folder : relative;
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? '65536');
  if (port > 65_535) throw new TypeError(`--admin-address is not HOST:PORT: ${text}`);
  return { host: match?.[1] ?? match?.[2] ?? '', port };
}
