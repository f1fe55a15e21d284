// A Gateway with one route, and a policy that lets in by keys of Consumers and Secrets.
import { hash } from 'node:crypto';
import { keyLine, type KeyLine } from '#crds/key-line.ts';
import type { Kind, KindMap } from '#crds/kind.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { Translation } from '#controller/translate/translation.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, object, reader } from '../objects.ts';

export type AnyObject = KindMap[Kind];

export const selectors = {
  consumerSelector: { matchLabels: { tier: 'partner' } },
  secretSelector: { matchLabels: { keys: 'partners' } },
};

/** Lets in by `apiKey`; its target is the route. */
export function policy(apiKey: object = selectors, namespace = 'shop'): AnyObject {
  return object({
    kind: 'AuthPolicy',
    metadata: { name: 'keys', namespace },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'cart' }],
      rules: { authenticate: [{ name: 'partners', type: 'APIKey', apiKey }] },
    },
  });
}

/** A Gateway of `namespace` and a route to no backend. */
export function gateway(namespace = 'shop'): readonly AnyObject[] {
  return [
    gatewayClass(),
    object({
      kind: 'Gateway',
      metadata: { name: 'edge', namespace },
      spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
    }),
    object({
      kind: 'HTTPRoute',
      metadata: { name: 'cart', namespace },
      spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [] }] },
    }),
  ];
}

export function secret(
  name: string,
  stringData: Readonly<Record<string, string>>,
  metadata: {
    readonly namespace?: string;
    readonly labels?: object;
    readonly creationTimestamp?: string;
  } = {},
): AnyObject {
  const given = { namespace: 'shop', labels: { keys: 'partners' }, ...metadata };
  return object({ kind: 'Secret', metadata: { name, ...given }, stringData });
}

/** A Consumer with the keys of these names. */
export function consumer(
  name: string,
  keys: readonly string[],
  metadata: {
    readonly namespace?: string;
    readonly labels?: object;
    readonly creationTimestamp?: string;
  } = {},
): AnyObject {
  const given = { namespace: 'shop', labels: { tier: 'partner' }, ...metadata };
  const credentials = keys.map((key, at) => ({
    name: `k${at}`,
    type: 'APIKey',
    apiKey: { prefix: 'tp_1', sha256: hashOf(key) },
  }));
  return object({ kind: 'Consumer', metadata: { name, ...given }, spec: { credentials } });
}

export function hashOf(key: string): string {
  return hash('sha256', key, 'hex');
}

/** The line of a key. */
export function line(key: string, given: Partial<KeyLine> = {}): string {
  const told = { consumer: 'acme', prefix: '', groups: [], plan: '', expires: '', ...given };
  return keyLine({ ...told, sha256: hashOf(key) });
}

export function translated(...objects: readonly AnyObject[]): Translation {
  return createTranslator().translate(input(reader(objects)));
}

/** What the data planes of the Gateway of `namespace` are told of keys: lines without hashes, by the hash of each key's name. */
export function keysAt(translation: Translation, namespace = 'shop'): ReadonlyMap<string, string> {
  const resources = translation.snapshots.get(gatewayKey(namespace, 'edge')) ?? new Map<string, never>();
  return new Map(
    [...resources.values()].flatMap((one) =>
      one.kind === 'CredentialSet'
        ? one.keys
            .reveal()
            .split('\n')
            .filter((text) => text !== '')
            .map((text) => [
              Buffer.from(text.slice(0, 43), 'base64url').toString('hex'),
              `${one.namespace} ${text.slice(44)}`,
            ])
        : [],
    ),
  );
}

/** The condition Accepted of a Consumer. */
export function acceptedOf(translation: Translation, name: string): string {
  const found = translation.statuses.find(({ object: of }) => of.kind === 'Consumer' && of.name === name);
  const [condition] = found?.status.kind === 'Consumer' ? found.status.conditions : [];
  return `${condition?.status ?? ''} ${condition?.reason ?? ''} ${condition?.message ?? ''}`.trim();
}
