import type { Authentication } from '#crds/auth-policy.ts';
import { setOfSecret, setsOfConsumers } from '../../credentials/credential-set.ts';
import { selectedSecretsUnit, selectorText } from '../../credentials/key-owners.ts';
import { nothingSelected, secretRemarksUnit } from '../../credentials/remarks.ts';
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
  const ofConsumers =
    consumerSelector === undefined
      ? null
      : setsOfConsumers(read, namespace, selectorText(consumerSelector.matchLabels));
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
      keys: [...(ofConsumers ?? []), ...(secrets ?? []).map((secret) => setOfSecret(namespace, secret))],
      identityToHeaders: toldHeaders(apiKey.identityToHeaders),
    },
    resources: [],
    remoteKeys: [],
    pending: null,
    remarks: [
      ...(ofConsumers?.length === 0 ? [nothingSelected(`${field}.apiKey.consumerSelector`, 'Consumer')] : []),
      ...(secrets?.length === 0 ? [nothingSelected(`${field}.apiKey.secretSelector`, 'Secret')] : []),
      ...(secrets ?? []).flatMap((secret) => read.ask(secretRemarksUnit, namespace, secret)),
    ],
  };
}
