import { isIP } from 'node:net';
import { Client } from 'undici';
import { textOf } from '#controller/kube/body.ts';
import { KeysError } from './keys-error.ts';
import type { LookupFunction } from 'node:net';
import type { AddressRule } from '#snapshot/address-rule.ts';

/** A document and the one address, already checked, from which it is fetched. */
export interface Target {
  readonly url: URL;
  readonly address: string;
  /** By which address its users know it, where that is another one. */
  readonly front?: URL;
}

/** How a server proves that it is who is asked, where TLS is spoken. */
export interface Trust {
  /** PEM; null: the authorities of the system. */
  readonly authorities: string | null;
  /** Null: the host of the URL. */
  readonly serverName: string | null;
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

const bodyBytesMax = 256 * 1024;

/**
 * Where the document of `uri` may be fetched from. The name is resolved once, here: what is checked is what is
 * connected to, whatever the name server says next.
 * @throws {KeysError}
 */
export async function targetsOfUri(
  uri: string,
  rule: AddressRule,
  resolve: Resolve,
): Promise<readonly Target[]> {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  if (
    url === null ||
    !['https:', 'http:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new KeysError('Insecure', 'the uri must be an https URL without user and password');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await resolved(host, resolve) : [host];
  const permitted = addresses.filter((address) => rule.permits(address));
  if (permitted.length === 0) {
    const message = `${host} leads to an address that is not public; serve the keys by a backendRef instead`;
    throw new KeysError('RefusedAddress', message);
  }
  const usable = url.protocol === 'https:' ? permitted : permitted.filter((address) => rule.trusts(address));
  if (usable.length === 0) {
    throw new KeysError('Insecure', 'the uri must begin with https:');
  }
  return usable.map((address) => ({ url, address }));
}

async function resolved(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    const addresses = await resolve(host);
    if (addresses.length > 0) return addresses;
  } catch (cause) {
    throw new KeysError('Unresolvable', `the name ${host} cannot be resolved`, cause);
  }
  throw new KeysError('Unresolvable', `the name ${host} has no address`);
}

/**
 * The text at `target`. No redirect is followed, no cookie kept, at most 256 KiB are read.
 * @throws {KeysError}
 */
export async function fetchDocument(target: Target, trust: Trust, signal: AbortSignal): Promise<string> {
  const { url, address, front } = target;
  const client = new Client(url.origin, {
    connect: {
      lookup: pinned(address),
      timeout: 3_000,
      ...(trust.authorities === null ? {} : { ca: trust.authorities }),
      ...(trust.serverName === null ? {} : { servername: trust.serverName }),
    },
    allowH2: false,
    pipelining: 1,
  });
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'user-agent': 'turnpike-controller',
        ...(front === undefined
          ? {}
          : { host: front.host, 'x-forwarded-proto': front.protocol.slice(0, -1) }),
      },
      signal,
    });
    if (statusCode !== 200) {
      throw new KeysError('Status', `the server answered ${statusCode} instead of 200`);
    }
    const text = await textOf(body, bodyBytesMax);
    if (text === null) throw new KeysError('TooLarge', `the answer is longer than ${bodyBytesMax} bytes`);
    return text;
  } catch (error) {
    throw keysError(error, signal);
  } finally {
    await client.destroy();
  }
}

function pinned(address: string): LookupFunction {
  const family = isIP(address);
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function keysError(error: unknown, signal: AbortSignal): KeysError {
  if (error instanceof KeysError) {
    return error;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (signal.aborted || code.includes('TIMEOUT')) {
    return new KeysError('Timeout', 'the server did not answer in time', error);
  }
  return new KeysError('Network', `the server cannot be reached${code === '' ? '' : ` (${code})`}`, error);
}
