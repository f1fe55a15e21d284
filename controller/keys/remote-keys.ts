// How the keys of one source are had, each time anew: from an address, from the one that an issuer names, or from the
// endpoints of a Service. Does not know when it is time for that.
import { isRecord } from '#crds/record.ts';
import { KeysError } from './keys-error.ts';
import { fetchDocument, targetsOfUri, type Resolve, type Target, type Trust } from './fetch-document.ts';
import { publicKeysOf, type ReadKeys } from './public-keys.ts';
import type { JsonWebKey } from '#snapshot/key-set.ts';
import { providerIn } from './provider-metadata.ts';
import type { ProviderMetadata } from '#controller/translate/input.ts';
import type { RemoteKeys, ServiceAddress } from '#controller/translate/translation.ts';
import type { AddressRule } from '#snapshot/address-rule.ts';

/** What it takes to fetch. */
export interface RemoteTools {
  /** From 0 to 1. */
  readonly random: () => number;
  readonly rule: AddressRule;
  readonly resolve: Resolve;
  /** Ready endpoints of a Service port that may be connected to. */
  readonly endpointsOf: (
    namespace: string,
    service: string,
    port: number,
  ) => readonly { readonly address: string; readonly port: number }[];
  readonly readKeys: ReadKeys;
}

/** What a source has told. */
export interface FetchedSource {
  readonly keys: readonly JsonWebKey[];
  /** Left out: it tells keys alone, or cannot log anybody in. */
  readonly provider?: ProviderMetadata;
}

const targetsMax = 3;

/**
 * The keys of `remote`, fetched now; when `signal` is aborted it is given up.
 * @throws {KeysError}
 */
export async function fetchRemoteKeys(
  { source, authorities }: RemoteKeys,
  tools: RemoteTools,
  signal: AbortSignal,
): Promise<FetchedSource> {
  const documentAt = async (uri: string) =>
    fetchFirst(await uriTargets(uri, tools, signal), { authorities, serverName: null }, signal);
  const documentBy = async (service: ServiceAddress, path: string, front: URL | null) => {
    const trust = { authorities, serverName: service.serverName };
    return fetchFirst(backendTargets(service, { path, front }, tools), trust, signal);
  };
  switch (source.type) {
    case 'Uri':
      return { keys: publicKeysOf(await documentAt(source.uri), tools.readKeys) };
    case 'Discovery': {
      const { issuer, through } = source;
      const fetch =
        through === undefined
          ? documentAt
          : (uri: string) => documentBy(through, pathOf(uri), URL.parse(uri));
      const configuration = configurationIn(await fetch(configurationOf(issuer)), issuer);
      const provider = providerIn(configuration);
      const keys = publicKeysOf(await fetch(jwksUriIn(configuration)), tools.readKeys);
      return provider === null ? { keys } : { keys, provider };
    }
    case 'Backend':
      return { keys: publicKeysOf(await documentBy(source, source.path, null), tools.readKeys) };
    default:
      return source satisfies never;
  }
}

/** Where an issuer says where its keys are (OpenID Connect Discovery 1.0 section 4). */
function configurationOf(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/** Section 4.3: one that calls itself otherwise speaks for somebody else. */
function configurationIn(text: string, issuer: string): Readonly<Record<string, unknown>> {
  const configuration = recordIn(text);
  if (configuration?.['issuer'] !== issuer) {
    throw new KeysError('Invalid', 'its openid-configuration is of another issuer');
  }
  return configuration;
}

function jwksUriIn(configuration: Readonly<Record<string, unknown>>): string {
  const uri = configuration['jwks_uri'];
  if (typeof uri !== 'string') {
    throw new KeysError('Invalid', 'its openid-configuration has no jwks_uri');
  }
  return uri;
}

/** Of an address that the Service serves under another name. */
function pathOf(uri: string): string {
  const url = URL.parse(uri);
  if (url === null) throw new KeysError('Invalid', 'its openid-configuration names an address that is none');
  return `${url.pathname}${url.search}`;
}

function recordIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : null;
  } catch (cause) {
    throw new KeysError('Invalid', 'its openid-configuration is no JSON', cause);
  }
}

async function uriTargets(
  uri: string,
  { rule, resolve }: RemoteTools,
  signal: AbortSignal,
): Promise<readonly Target[]> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new KeysError('Timeout', 'the name of the server was not resolved in time')),
    );
  });
  return Promise.race([targetsOfUri(uri, rule, resolve), late]);
}

/** What is asked of a Service; `front`: the address by which browsers know it, which it shall think it is asked at. */
interface Question {
  readonly path: string;
  readonly front: URL | null;
}

function backendTargets(
  { namespace, service, port, serverName }: ServiceAddress,
  { path, front }: Question,
  { endpointsOf, random }: RemoteTools,
): readonly Target[] {
  const endpoints = endpointsOf(namespace, service, port);
  if (endpoints.length === 0) {
    throw new KeysError(
      'NoEndpoints',
      `Service ${namespace}/${service} has no ready endpoint on port ${port}`,
    );
  }
  const first = Math.floor(random() * endpoints.length);
  return [...endpoints.slice(first), ...endpoints.slice(0, first)].map((endpoint) => {
    // The Service's name for the Host field, the endpoint's address for the connection.
    const scheme = serverName === null ? 'http' : 'https';
    const url = new URL(`${scheme}://${service}.${namespace}.svc:${endpoint.port}`);
    // Not resolved against the URL: `//host/` must stay a path.
    const [pathname = '', ...query] = path.split('?');
    url.pathname = pathname;
    url.search = query.join('?');
    return { url, address: endpoint.address, ...(front === null ? {} : { front }) };
  });
}

/** The document from the first target that has it. */
async function fetchFirst(targets: readonly Target[], trust: Trust, signal: AbortSignal): Promise<string> {
  let last: unknown = new KeysError('Network', 'there is no address to ask');
  for (const target of targets.slice(0, targetsMax)) {
    try {
      return await fetchDocument(target, trust, signal);
    } catch (error) {
      last = error;
      if (signal.aborted) break;
    }
  }
  throw last;
}
