import type { Authentication, AuthRules } from '#crds/auth-policy.ts';
import type { AuthenticationWay } from '#snapshot/authentication.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { corsFilter } from '../filters/cors.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { EndpointSource, ObjectRef, RemoteKeys } from '../translation.ts';
import { externalAuthorization } from './external-authorization.ts';
import { closedPolicy, placedRules, placeNames, type PolicyModel, type Remark } from './policy.ts';
import { authorizationOf } from './authorization.ts';
import { resourceMetadata } from './resource-metadata.ts';
import { refusedModel } from './source.ts';
import { apiKeyWay } from './ways/api-key.ts';
import { basicWay } from './ways/basic.ts';
import { clientCertificateWay } from './ways/client-certificate.ts';
import { guessProtection } from './guess-protection.ts';
import { httpSignatureWay } from './ways/http-signature.ts';
import { introspectionWay } from './ways/introspection.ts';
import { jwtWay } from './ways/jwt.ts';
import { openIdConnectWay } from './ways/open-id-connect.ts';
import type { FoundWay, UnresolvedWay, WayPlace } from './ways/way.ts';

/** The AuthPolicy of a namespace and name; null when there is none. It is one part: its ways in are alternatives. */
export const authPolicyUnit: Unit<PolicyModel | null> = {
  name: 'AuthPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('AuthPolicy', namespace, name);
    if (object === undefined) {
      return refusedModel(read, 'AuthPolicy', namespace, name);
    }
    const { layer, strategy, rules } = placedRules(object.spec);
    const base = { kind: 'AuthPolicy', namespace, name, layer, strategy } as const;
    const place = placeNames[layer];
    if (strategy === 'Merge') {
      const detail =
        'Merge is not supported for AuthPolicies: alternatives of two policies joined would open doors; use Atomic';
      return closedPolicy(
        { ...base, strategy: 'Atomic' },
        { kind: 'PolicyInvalid', field: `${place}.strategy`, detail },
      );
    }
    const field = layer === 'Rules' ? place : `${place}.rules`;
    const found = alternatives(read, { kind: 'AuthPolicy', namespace, name }, rules, field);
    if ('closes' in found) {
      return closedPolicy(base, found.closes);
    }
    const authorization = authorizationOf(rules.authorize, `${field}.authorize`);
    if ('closes' in authorization) {
      return closedPolicy(base, authorization.closes);
    }
    const asked = externalAuthorization(
      read,
      { policy: { kind: 'AuthPolicy', namespace, name }, field: `${field}.externalAuthorization` },
      rules.externalAuthorization,
    );
    if ('closes' in asked) {
      return closedPolicy(base, asked.closes);
    }
    const id = resourceId('Authentication', namespace, name);
    return {
      ...base,
      parts: [{ name: '', id }],
      resources: [
        {
          kind: 'Authentication',
          id,
          policy: `${namespace}/${name}`,
          alternatives: found.ways,
          optional: rules.optional,
          realm: rules.realm ?? '',
          resourceMetadata: resourceMetadata(rules),
          denial: rules.denial ?? null,
          protection: guessProtection(rules),
          external: asked.external,
          authorize: authorization.entries,
        },
        ...found.resources,
        ...asked.resources,
      ],
      remoteKeys: found.remoteKeys,
      closes: null,
      pending: found.pending,
      ...(rules.cors === undefined ? {} : { crossOrigin: corsFilter(rules.cors) }),
      remarks: found.remarks,
      sources: [...found.sources, ...asked.sources],
    };
  },
};

/** What the alternatives of a policy come to. */
interface Alternatives {
  readonly ways: readonly AuthenticationWay[];
  readonly resources: readonly Resource[];
  readonly sources: readonly EndpointSource[];
  readonly remoteKeys: readonly RemoteKeys[];
  readonly pending: Problem | null;
  readonly remarks: readonly Remark[];
}

/** One way in that cannot be had spoils the policy: to leave it out in silence would lock its users out unseen. */
function alternatives(
  read: Read,
  policy: ObjectRef,
  rules: AuthRules,
  field: string,
): Alternatives | { readonly closes: Problem } {
  const found: FoundWay[] = [];
  for (const [index, one] of rules.authenticate.entries()) {
    const at = { policy, field: `${field}.authenticate[${String(index)}]` };
    const way = wayOf(read, at, one);
    if (way.kind === 'Unresolved') {
      return { closes: way.problem };
    }
    found.push(way);
  }
  return {
    ways: found.map((one) => one.way),
    resources: found.flatMap((one) => one.resources),
    remoteKeys: found.flatMap((one) => one.remoteKeys),
    sources: found.flatMap((one) => one.sources ?? []),
    pending: found.find((one) => one.pending !== null)?.pending ?? null,
    remarks: found.flatMap((one) => one.remarks ?? []),
  };
}

function wayOf(read: Read, at: WayPlace, authentication: Authentication): FoundWay | UnresolvedWay {
  switch (authentication.type) {
    case 'JWT':
      return jwtWay(read, at, authentication);
    case 'Basic':
      return basicWay(read, at, authentication);
    case 'OpenIDConnect':
      return openIdConnectWay(read, at, authentication);
    case 'Introspection':
      return introspectionWay(read, at, authentication);
    case 'HTTPSignature':
      return httpSignatureWay(read, at, authentication);
    case 'ClientCertificate':
      return clientCertificateWay(read, at, authentication);
    case 'APIKey':
      return apiKeyWay(read, at, authentication);
    default:
      return authentication satisfies never;
  }
}
