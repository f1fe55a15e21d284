// The one place that knows which fields belong to a single connection (RFC 9110 section 7.6.1). They are never
// forwarded; what this hop needs of them is written anew by head-text.ts.
import { listHas, trimWhitespace } from './framing.ts';
import type { Fields } from './fields.ts';

/** Fields of this hop, and those that framing owns. */
export function isHopByHop(name: string): boolean {
  // Hot path: the length tells most names apart without comparing characters.
  switch (name.length) {
    case 2:
      return name === 'te';
    case 7:
      return name === 'upgrade';
    case 10:
      return name === 'connection' || name === 'keep-alive';
    case 14:
      return name === 'content-length' || name === 'http2-settings';
    case 16:
      return name === 'proxy-connection';
    case 17:
      return name === 'transfer-encoding';
    case 18:
      return name === 'proxy-authenticate';
    case 19:
      return name === 'proxy-authorization';
    default:
      return false;
  }
}

/**
 * The names that a Connection field nominates beside its plain options, lower case. Null for none, which is nearly
 * always. Nominating may take the client's own fields away, never what the gateway itself sets: so it is applied
 * to what was received, before anything is added.
 */
export function nominatedNames(connectionOptions: string): ReadonlySet<string> | null {
  if (isPlain(connectionOptions)) return null;
  const names = connectionOptions
    .split(',')
    .map((name) => trimWhitespace(name).toLowerCase())
    .filter((name) => name !== '' && name !== 'close' && name !== 'keep-alive');
  return names.length === 0 ? null : new Set(names);
}

function isPlain(options: string): boolean {
  switch (options.length) {
    case 0:
      return true;
    case 5:
      return options === 'close' || options.toLowerCase() === 'close';
    case 10:
      return options === 'keep-alive' || options.toLowerCase() === 'keep-alive';
    default:
      return false;
  }
}

/** Whether the client takes trailers (`TE: trailers`), which we pass on in our own name. */
export function takesTrailers(fields: Fields): boolean {
  const te = fields.joined('te');
  return te !== undefined && listHas(te, 'trailers');
}

/** Removes from an answer's fields what its Connection field nominates. */
export function removeNominated(fields: Fields, connectionOptions: string): void {
  const names = nominatedNames(connectionOptions);
  if (names !== null) for (const name of names) fields.remove(name);
}
