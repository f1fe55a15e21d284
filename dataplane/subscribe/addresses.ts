import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Where a controller listens. `serverName` is what its certificate must be for; null: the host itself. */
export interface ControllerAddress {
  readonly host: string;
  readonly port: number;
  readonly serverName: string | null;
}

/**
 * All addresses behind `urls` (`https://host:port`): each address of a headless Service is a controller of its own.
 * A host that cannot be resolved is left out; rejects only when none can.
 */
export async function resolveControllers(urls: readonly string[]): Promise<readonly ControllerAddress[]> {
  const found = await Promise.allSettled(urls.map(resolveController));
  const addresses = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = found.find((result) => result.status === 'rejected');
  if (addresses.length === 0 && failed !== undefined) throw failed.reason;
  return addresses;
}

async function resolveController(text: string): Promise<readonly ControllerAddress[]> {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || '443');
  if (isIP(host) !== 0) return [{ host, port, serverName: null }];
  const resolved = await lookup(host, { all: true });
  return resolved.map(({ address }) => ({ host: address, port, serverName: host }));
}
