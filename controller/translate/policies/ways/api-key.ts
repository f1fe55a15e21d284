import type { ApiKeyAuthentication } from '#crds/api-key-authentication.ts';
import type { Authentication } from '#crds/auth-policy.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { setOfSecret, setsOfConsumers } from '../../credentials/credential-set.ts';
import { selectedSecretsUnit, selectorText } from '../../credentials/key-owners.ts';
import { nothingGranted, nothingSelected, secretRemarksUnit } from '../../credentials/remarks.ts';
import type { Read } from '../../memo.ts';
import { credentialPlaces } from './credential-places.ts';
import { toldHeaders } from './told-headers.ts';
import type { FoundWay, WayPlace } from './way.ts';

/** The way in by API key at `at`. That it selects nobody's keys is no mistake: they may be still to come. */
export function apiKeyWay(
  read: Read,
  { policy: { namespace }, field }: WayPlace,
  { name, apiKey }: Extract<Authentication, { type: 'APIKey' }>,
): FoundWay {
  const { consumerSelector, secretSelector } = apiKey;
  const ofConsumers = consumers(read, namespace, consumerSelector);
  const secrets =
    secretSelector === undefined
      ? null
      : read.ask(selectedSecretsUnit, namespace, selectorText(secretSelector.matchLabels));
  return {
    kind: 'Found',
    way: {
      kind: 'APIKey',
      name,
      credential: credentialPlaces(apiKey),
      // A key that is in several is that of the first: nobody takes over those of the policy's own namespace.
      keys: [
        ...ofConsumers.filter((one) => one.namespace === namespace).flatMap(({ sets }) => sets),
        ...(secrets ?? []).map((secret) => setOfSecret(namespace, secret)),
        ...ofConsumers.filter((one) => one.namespace !== namespace).flatMap(({ sets }) => sets),
      ],
      identityToHeaders: toldHeaders(apiKey.identityToHeaders),
    },
    resources: [],
    remoteKeys: [],
    pending: null,
    remarks: [
      ...ofConsumers
        .filter(({ sets }) => sets.length === 0)
        .map((one) =>
          one.namespace === namespace
            ? nothingSelected(`${field}.apiKey.consumerSelector`, 'Consumer')
            : nothingGranted(`${field}.apiKey.consumerSelector`, one.namespace, namespace),
        ),
      ...(secrets?.length === 0 ? [nothingSelected(`${field}.apiKey.secretSelector`, 'Secret')] : []),
      ...(secrets ?? []).flatMap((secret) => read.ask(secretRemarksUnit, namespace, secret)),
    ],
  };
}

interface ConsumerSets {
  readonly namespace: string;
  readonly sets: readonly ResourceId[];
}

/** Of each namespace that `selector` names for policies of the namespace `policies`. */
function consumers(
  read: Read,
  policies: string,
  selector: ApiKeyAuthentication['consumerSelector'],
): readonly ConsumerSets[] {
  if (selector === undefined) return [];
  const text = selectorText(selector.matchLabels);
  return (selector.namespaces ?? [policies]).map((namespace) => ({
    namespace,
    sets: setsOfConsumers(read, { policies, namespace, selector: text }),
  }));
}
