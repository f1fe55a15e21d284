// The certificates that Ingresses bring: shown by the HTTPS listeners that take their hosts, for these hosts alone.
import type { Ingress } from '#crds/ingress.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { resourceId, type GatewayKey } from '#snapshot/ids.ts';
import type { ServerNames } from '#snapshot/server-names.ts';
import { olderFirst } from '../creation-time.ts';
import type { GatewayModel } from '../gateway.ts';
import { gatewayNamed } from '../led-attachment.ts';
import type { Index, Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { certificateUnit, secretCertificate } from '../secret-certificate.ts';
import { hostOwnerUnit, secureListeners, secures, type HostOwner } from './host-owner.ts';
import { classOf, ingressesAt } from './ingress-class.ts';

/** What an Ingress brings for TLS. */
export interface IngressTls {
  readonly resources: readonly (Certificate | ServerNames)[];
  readonly problems: readonly Problem[];
}

/** That of the Ingress of a namespace and name, at the Gateway of its class. */
export const ingressTlsUnit: Unit<IngressTls> = {
  name: 'ingress tls',
  compute(read, namespace = '', name = '') {
    const ingress = read.get('Ingress', namespace, name);
    const key = ingress === undefined ? null : (classOf(read, ingress)?.gateway ?? null);
    const gateway = key === null ? null : gatewayNamed(read, key);
    if (ingress === undefined || gateway === null) {
      return { resources: [], problems: [] };
    }
    const parts = entriesOf(ingress).map((one) => entryTls(read, ingress, one, gateway));
    return {
      resources: [...new Set(parts.flatMap((one) => one.resources))],
      problems: parts.flatMap((one) => one.problems),
    };
  },
};

/** An entry of `spec.tls` that names a Secret. */
interface Entry {
  readonly index: number;
  readonly field: string;
  readonly secretName: string;
  readonly hosts: readonly string[];
}

/** The first without hosts is meant for those of the rules that no other entry names. */
function entriesOf({ spec }: Ingress): readonly Entry[] {
  const named = new Set(spec.tls.flatMap((one) => one.hosts));
  const others = [...new Set(spec.rules.map((one) => one.host))].filter(
    (one) => one !== '' && !named.has(one),
  );
  const forOthers = spec.tls.findIndex((one) => one.hosts.length === 0 && one.secretName !== undefined);
  return spec.tls.flatMap(({ hosts, secretName }, index) => {
    const field = `spec.tls[${String(index)}]`;
    const meant = index === forOthers ? others : hosts;
    return secretName === undefined ? [] : [{ index, field, secretName, hosts: meant }];
  });
}

/** The Secrets (`<namespace>/<name>`) that an Ingress names for each host: it may name thousands of hosts. */
const secretsByHostUnit: Unit<ReadonlyMap<string, readonly string[]>> = {
  name: 'tls secrets by host',
  compute(read, namespace = '', name = '') {
    const ingress = read.get('Ingress', namespace, name);
    const found = new Map<string, string[]>();
    for (const { hosts, secretName } of ingress === undefined ? [] : entriesOf(ingress)) {
      for (const host of hosts) found.getOrInsertComputed(host, () => []).push(`${namespace}/${secretName}`);
    }
    return found;
  },
};

function entryTls(read: Read, ingress: Ingress, entry: Entry, gateway: GatewayModel): IngressTls {
  const { namespace, name } = ingress.metadata;
  const { field, secretName, hosts } = entry;
  const secret = `${namespace}/${secretName}`;
  const found = secretCertificate(read, { namespace, name: secretName }, `${field}.secretName`);
  if (found.kind !== 'Certificate') {
    return { resources: [], problems: [found] };
  }
  if (hosts.length === 0) {
    const detail = 'there is no host for it; name hosts that no other entry names, or remove it';
    return { resources: [], problems: [{ kind: 'UnsupportedValue', field, detail }] };
  }
  const listeners = secureListeners(read, ingress, hosts, gateway);
  if (listeners.length === 0) {
    return { resources: [], problems: [{ kind: 'NoSecureListener', field, gateway: gateway.key }] };
  }
  const held = hosts.map((host): HeldHost => ({
    host,
    owner: read.ask(hostOwnerUnit, gateway.key, host),
    holder: read.ask(holderUnit, gateway.key, host),
  }));
  const own = held.filter(
    ({ holder }) => holder?.ingress === `${namespace}/${name}` && holder.secret === secret,
  );
  const names: ServerNames = {
    kind: 'ServerNames',
    id: resourceId('ServerNames', namespace, name, String(entry.index)),
    listeners,
    hostnames: own.map(({ host }) => host),
    certificate: found.id,
  };
  return {
    resources: own.length === 0 ? [] : [found, names],
    problems: held.flatMap((one) => lossOf(one, { namespace, field, secret }) ?? []),
  };
}

/** A host, and those of whom it depends whether a certificate is shown for it. */
interface HeldHost {
  readonly host: string;
  readonly owner: HostOwner | null;
  readonly holder: Holder | null;
}

/** Why another certificate than `secret`, or none, is shown for the host; null where that is shown, or can be. */
function lossOf(
  { host, owner, holder }: HeldHost,
  {
    namespace,
    field,
    secret,
  }: { readonly namespace: string; readonly field: string; readonly secret: string },
): Problem | null {
  if (owner !== null && owner.namespace !== namespace) {
    return { kind: 'HostOfOthers', field, host, owner: owner.title };
  }
  return holder === null || holder.secret === secret
    ? null
    : { kind: 'HostSecured', field, host, holder: holder.ingress };
}

/** Ingresses by the hosts for which they bring a certificate. */
const ingressesByTlsHost: Index<'Ingress'> = {
  kind: 'Ingress',
  keysOf: (ingress) => entriesOf(ingress).flatMap((one) => one.hosts),
};

/** Whose certificate is shown for a host. */
interface Holder {
  /** `<namespace>/<name>`, as that of the Secret. */
  readonly ingress: string;
  readonly secret: string;
}

/** Of the Ingresses of a host's namespace at a Gateway the oldest whose certificate can be had, then the first by name. */
const holderUnit: Unit<Holder | null> = {
  name: 'tls holder',
  compute(read, gateway = '', host = '') {
    const model = gatewayNamed(read, gateway as GatewayKey);
    const owner = read.ask(hostOwnerUnit, gateway, host);
    const found = read
      .find(ingressesByTlsHost, host)
      .filter(({ metadata }) => owner === null || owner.namespace === metadata.namespace)
      .filter((one) => model !== null && secures(read, one, host, model))
      .sort(olderFirst)
      .flatMap((one) => holdersIn(read, one, host))
      .find(({ secret }) => read.ask(certificateUnit, ...secret.split('/')).kind === 'Certificate');
    return found ?? null;
  },
};

function holdersIn(read: Read, { metadata: { namespace, name } }: Ingress, host: string): readonly Holder[] {
  const secrets = read.ask(secretsByHostUnit, namespace, name).get(host) ?? [];
  return secrets.map((secret) => ({ ingress: `${namespace}/${name}`, secret }));
}

/** The listeners of the Gateway of a namespace and name that show certificates of Ingresses, by the listeners' ids. */
export const securedListenersUnit: Unit<readonly string[]> = {
  name: 'secured listeners',
  compute(read, namespace = '', name = '') {
    const key = `${namespace}/${name}` as GatewayKey;
    const listeners = ingressesAt(read, key)
      .flatMap(({ metadata }) => read.ask(ingressTlsUnit, metadata.namespace, metadata.name).resources)
      .flatMap((one) => (one.kind === 'ServerNames' ? one.listeners : []));
    return [...new Set(listeners)].sort();
  },
};
