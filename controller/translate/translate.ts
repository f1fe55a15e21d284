// What the objects of the moment mean: for each Gateway of ours a snapshot, for each object a status. Pure: no
// clock, no I/O, no log; a bad object is a problem told in a status, never an exception. Each result is kept with
// what it was made from (memo.ts), so that one change costs one object's work. Does not know who reads the
// snapshots, who writes the statuses, nor where objects come from.
import type { Kind } from '#crds/kind.ts';
import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import { allExposed } from './expose/exposure.ts';
import { gatewaySnapshotUnit, type GatewaySnapshot } from './gateway-snapshot.ts';
import { gatewayUnit } from './gateway.ts';
import { infrastructureUnit, type Infrastructure } from './infrastructure/infrastructure.ts';
import type { TranslationInput } from './input.ts';
import { JoinedSnapshots } from './joined-parts.ts';
import { createMemo, type Read, type Trace, type Unit } from './memo.ts';
import { policyKinds } from './policies/policy.ts';
import { policyUnits } from './policies/protection.ts';
import { backendTlsPolicyStatusUnit } from './statuses/backend-tls-policy.ts';
import { banStatusUnit } from './statuses/ban.ts';
import { consumerStatusUnit } from './statuses/consumer.ts';
import { exposedNoticesUnit } from './statuses/exposed.ts';
import { gatewayClassStatusUnit } from './statuses/gateway-class.ts';
import { gatewayStatusUnit } from './statuses/gateway.ts';
import { ingressClassNoticesUnit } from './statuses/ingress.ts';
import { toldOfLeading } from './statuses/leading.ts';
import { listenerSetStatusUnit } from './statuses/listener-set.ts';
import { planStatusUnit } from './statuses/plan.ts';
import { policyStatusUnits } from './statuses/policy.ts';
import { firstOf, type Told } from './statuses/told.ts';
import type { RemoteKeys, Translation } from './translation.ts';

/** Translates one input after another; equal inputs give equal translations, whatever came before. */
export interface Translator {
  translate(input: TranslationInput): Translation;
}

/** How a translator can be watched. */
export interface TranslatorOptions {
  /** Told of each unit of work that is done anew, for tests and for measuring. */
  readonly trace?: Trace;
}

/** A translator that remembers: unchanged parts of a translation are the same references as before. */
export function createTranslator(options: TranslatorOptions = {}): Translator {
  const memo = createMemo(options.trace);
  const joined = new JoinedSnapshots();
  let last: { readonly translated: Translated; readonly translation: Translation } | null = null;
  return {
    translate(input) {
      const translated = memo.run(input, translatedUnit);
      if (last?.translated === translated) return last.translation;
      const { parts, ...others } = translated;
      const translation = Object.freeze({ ...others, ...joined.follow(parts) });
      last = { translated, translation };
      return translation;
    },
  };
}

/** A translation whose snapshots are still in parts. */
interface Translated extends Omit<Translation, 'snapshots' | 'endpointSources'> {
  readonly parts: ReadonlyMap<GatewayKey, GatewaySnapshot>;
}

const translatedUnit: Unit<Translated> = {
  name: 'translation',
  compute(read) {
    const told = toldOf(read);
    return {
      parts: snapshotsOf(read),
      remoteKeys: remoteKeysOf(read),
      infrastructure: infrastructureOf(read),
      statuses: told.map((one) => one.status),
      notices: [
        ...told.flatMap((one) => firstOf(one.notices)),
        ...read
          .list('IngressClass')
          .flatMap(({ metadata }) => read.ask(ingressClassNoticesUnit, metadata.name)),
        ...read
          .find(allExposed, '')
          .flatMap(({ metadata }) => read.ask(exposedNoticesUnit, metadata.namespace, metadata.name)),
      ],
    };
  },
};

function snapshotsOf(read: Read): ReadonlyMap<GatewayKey, GatewaySnapshot> {
  const snapshots = new Map<GatewayKey, GatewaySnapshot>();
  for (const { metadata } of read.list('Gateway')) {
    const gateway = read.ask(gatewayUnit, metadata.namespace, metadata.name);
    if (gateway === null) continue;
    snapshots.set(gateway.key, read.ask(gatewaySnapshotUnit, metadata.namespace, metadata.name));
  }
  return snapshots;
}

function infrastructureOf(read: Read): ReadonlyMap<GatewayKey, Infrastructure> {
  const found = new Map<GatewayKey, Infrastructure>();
  for (const { metadata } of read.settings.dataPlanes === 'Provisioned' ? read.list('Gateway') : []) {
    const infrastructure = read.ask(infrastructureUnit, metadata.namespace, metadata.name);
    if (infrastructure !== null) found.set(gatewayKey(metadata.namespace, metadata.name), infrastructure);
  }
  return found;
}

/** Those of all policies at Gateways of ours, with routes or without: the keys are there before the first request. */
function remoteKeysOf(read: Read): readonly RemoteKeys[] {
  const found = read.list('AuthPolicy').flatMap(({ metadata: { namespace, name } }) => {
    const concerned = read.ask(policyStatusUnits.AuthPolicy, namespace, name)?.status.gateways.length ?? 0;
    return concerned === 0 ? [] : (read.ask(policyUnits.AuthPolicy, namespace, name)?.remoteKeys ?? []);
  });
  return [...new Map(found.map((one) => [one.id, one])).values()];
}

function toldOf(read: Read): readonly Told[] {
  const ofRead = (kind: Kind, unit: Unit<Told | null>) =>
    read.list(kind).map(({ metadata: { namespace, name } }) => read.ask(unit, namespace, name));
  const ofAll = (kind: Kind, unit: Unit<Told | null>) => [
    ...ofRead(kind, unit),
    ...read.refused(kind).map(({ namespace, name }) => read.ask(unit, namespace, name)),
  ];
  return [
    ...read.list('GatewayClass').map(({ metadata }) => read.ask(gatewayClassStatusUnit, metadata.name)),
    ...ofRead('Gateway', gatewayStatusUnit),
    ...ofRead('ListenerSet', listenerSetStatusUnit),
    ...toldOfLeading(read),
    ...ofRead('Consumer', consumerStatusUnit),
    ...ofAll('Plan', planStatusUnit),
    ...ofAll('BackendTLSPolicy', backendTlsPolicyStatusUnit),
    ...ofAll('Ban', banStatusUnit),
    ...policyKinds.flatMap((kind) => ofAll(kind, policyStatusUnits[kind])),
  ].filter((one) => one !== null);
}
