// Who is this? Makes request filters from Authentication resources. Reaches nobody: keys come with the snapshot, and a
// missing one is only told to whoever can have it fetched. A bearer token goes on to the backend as it came (as with
// Envoy and nginx) unless its policy says otherwise.
import { randomBytes } from 'node:crypto';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { CallService } from '../call-service.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import type { CredentialSet } from '#snapshot/credential-set.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { LoginSecret } from '#snapshot/open-id-connect.ts';
import type { TokenRevocations } from '#snapshot/token-revocations.ts';
import { ApiKeyAuthenticator } from './api-key-authenticator.ts';
import { requestVariables } from '#cel/request-variables.ts';
import { AuthenticationFilter } from './authentication-filter.ts';
import type { Authenticator } from './authenticator.ts';
import { BasicAuthenticator, type PasswordSurroundings } from './basic-authenticator.ts';
import { Capacity } from '../capacity.ts';
import { CertificateAuthenticator } from './certificate-authenticator.ts';
import { CredentialSets } from './credentials.ts';
import type { LimitsOfPlan } from './credential-table.ts';
import { ExternalAuthorizer, type DecisionSurroundings } from './external-authorizer.ts';
import type { GuessGuards } from './guess-guard.ts';
import {
  HttpSignatureAuthenticator,
  type HttpSignatureSurroundings,
} from './http-signature-authenticator.ts';
import { Nonces } from './http-signature/nonces.ts';
import { IntrospectionAuthenticator, type IntrospectionSurroundings } from './introspection-authenticator.ts';
import { LoginSecrets } from './login/login-seal.ts';
import { OpenIdConnectAuthenticator, type LoginSurroundings } from './login/open-id-connect-authenticator.ts';
import { EndedByNamespace } from './login/shared-ends.ts';
import { SpentStates } from './login/spent-states.ts';
import { JwtAuthenticator, type TokenSurroundings } from './jwt-authenticator.ts';
import { Authorizer } from './authorizer.ts';
import { RefusalCounts, type RefusalCount } from './refusal-counts.ts';
import { policyNamespace } from '../policy-namespace.ts';
import { PasswordChecks } from './password-checks.ts';
import { readyKeySet, type ReadyKeySet } from './keys.ts';
import type { FollowStream } from '../follow-stream.ts';
import { noSharedMemory, type SharedMemory } from '../shared-memory.ts';
import type { FollowedList } from './followed-revocations.ts';
import { Revocations } from './revocations.ts';
import { TokenCache } from './token-cache.ts';

export interface AuthenticatingOptions {
  /** The time of day in milliseconds since 1970: what `exp` is compared with. */
  readonly now: () => number;
  /** A token that its issuer may well have signed names a key that the refreshable key set does not hold. Bounded by the receiver. */
  readonly onMissingKey: (keySet: ResourceId, kid: string) => void;
  /** Asks services that vouch for tokens. */
  readonly call: CallService;
  /** Follows streams with revoked tokens; left out: nobody does, and what they would say is unknown. */
  readonly follow?: FollowStream;
  /** Told when such a list becomes available or not, with the reason. */
  readonly onFollowed?: (list: string, available: boolean, reason: string) => void;
  /** What is remembered with other data planes; left out: nothing. */
  readonly memory?: SharedMemory;
  /** What is held against those who have a plan. */
  readonly limitsOfPlan: LimitsOfPlan;
  /** Who counts guesses. */
  readonly guards: GuessGuards;
  readonly limits?: Partial<AuthenticatingLimits>;
}

/** Over all authentications of the process. */
export interface AuthenticatingLimits {
  /** Tokens known to be good. */
  readonly verifiedMax: number;
  /** Their characters. */
  readonly verifiedCharactersMax: number;
  /** Tokens known to be badly signed. Clients can fill this one, so it is small. */
  readonly rejectedMax: number;
  readonly rejectedCharactersMax: number;
  /** Tokens being verified at a time; more are answered as overload. */
  readonly verificationsMax: number;
  /** Passwords being checked at a time, and such as wait for that; more are answered as overload. */
  readonly passwordsMax: number;
  readonly passwordsWaitingMax: number;
  /** Questions to services under way at a time, half of them at most of one namespace; more are answered as overload. */
  readonly callsMax: number;
  /** Octets of requests that services are told at a time, shared likewise: they are held two or three times. */
  readonly callBytesMax: number;
  /** Nonces of signed requests that are remembered; {@link Nonces} tells whose. */
  readonly noncesMax: number;
}

const defaultLimits: AuthenticatingLimits = {
  verifiedMax: 10_000,
  verifiedCharactersMax: 32 * 2 ** 20,
  rejectedMax: 1000,
  rejectedCharactersMax: 2 ** 20,
  verificationsMax: 1024,
  passwordsMax: 2,
  passwordsWaitingMax: 64,
  callsMax: 256,
  callBytesMax: 64 * 2 ** 20,
  noncesMax: 262_144,
};

/** Lives as long as the process; filters come and go with the resources they are made from. */
export interface Authenticating {
  /** From now on all filters let in by the keys of these sets and no others, also filters made before. */
  useCredentials(sets: readonly CredentialSet[]): void;
  /** From now on there are these lists: filters made before ask them too, also of tokens that they let pass before. */
  useRevocations(lists: readonly TokenRevocations[]): void;
  /** From now on logins are sealed by it, also those of filters made before; null: by nothing, so nobody logs in. */
  useLoginSecret(secret: LoginSecret | null): void;
  /**
   * The filter for `authentication` with its key sets; one that is not among them lets nobody in. It knows no token
   * that an earlier filter let pass. `refused` tells which key sets held keys that cannot be used.
   */
  filterFor(
    authentication: Authentication,
    keySets: readonly KeySet[],
  ): {
    readonly filter: RequestFilter;
    readonly refused: readonly { readonly id: ResourceId; readonly reason: string }[];
  };
  /** What callers may not do, by entry: for metrics. */
  refusals(): readonly Readonly<RefusalCount>[];
  /** How the lists of revoked tokens fare that are followed: for metrics. */
  followedLists(): readonly FollowedList[];
  /** Follows nothing any more. */
  stop(): void;
}

/** Makes filters for the whole process; no token is known to it yet. */
export function createAuthenticating(options: AuthenticatingOptions): Authenticating {
  const limits = { ...defaultLimits, ...options.limits };
  const revocations = new Revocations(options);
  const ready = new WeakMap<KeySet, ReadyKeySet>();
  const good = { entriesMax: limits.verifiedMax, charactersMax: limits.verifiedCharactersMax };
  const calls = new Capacity(limits.callsMax);
  const contents = new Capacity(limits.callBytesMax);
  const memory = options.memory ?? noSharedMemory;
  const secrets = new LoginSecrets();
  const shared: Omit<Surroundings, 'calls' | 'contents'> = {
    now: options.now,
    onMissingKey: options.onMissingKey,
    revocations,
    verified: new TokenCache(good),
    rejected: new TokenCache({ entriesMax: limits.rejectedMax, charactersMax: limits.rejectedCharactersMax }),
    verificationsMax: limits.verificationsMax,
    verifications: { running: 0 },
    call: options.call,
    passwords: new TokenCache(good),
    introspected: new TokenCache(good),
    sessions: new TokenCache(good),
    memory,
    secrets,
    spent: new SpentStates(),
    ended: new EndedByNamespace(memory, secrets),
    decisions: new TokenCache(good),
    checks: new PasswordChecks({ runningMax: limits.passwordsMax, waitingMax: limits.passwordsWaitingMax }),
    memoryKey: randomBytes(32).toString('base64'),
    nonces: new Nonces(limits.noncesMax),
  };
  const credentials = new CredentialSets(options.limitsOfPlan);
  const variables = requestVariables(options.now);
  const refusals = new RefusalCounts();
  const countOf = refusals.of.bind(refusals);
  return {
    useCredentials: (sets) => credentials.use(sets),
    refusals: () => refusals.all(),
    followedLists: () => revocations.followed(),
    stop: () => revocations.stop(),
    useRevocations: (lists) => revocations.use(lists),
    useLoginSecret: (secret) => secrets.use(secret),
    filterFor(authentication, keySets) {
      const byId = new Map<ResourceId, ReadyKeySet>();
      for (const keySet of keySets) {
        const made = ready.get(keySet) ?? readyKeySet(keySet);
        ready.set(keySet, made);
        byId.set(keySet.id, made);
      }
      const { policy, protection, external: asked, authorize } = authentication;
      const namespace = policyNamespace(policy);
      const surroundings = { ...shared, calls: calls.of(namespace), contents: contents.of(namespace) };
      const ways = authenticators(authentication, { keySets: byId, credentials, surroundings });
      const guard = protection === null ? null : options.guards.guardFor(policy, protection);
      const authorizer =
        authorize.length === 0 ? null : new Authorizer(policy, authorize, { variables, countOf });
      const external = asked === null ? null : new ExternalAuthorizer(policy, asked, surroundings);
      const filter = new AuthenticationFilter(authentication, ways, { guard, external, authorizer });
      const refused = [...byId.values()].flatMap(({ id, problems }) =>
        problems.length === 0 ? [] : [{ id, reason: problems.join('; ') }],
      );
      return { filter, refused };
    },
  };
}

type Surroundings = TokenSurroundings &
  PasswordSurroundings &
  IntrospectionSurroundings &
  DecisionSurroundings &
  LoginSurroundings &
  HttpSignatureSurroundings;

/** What ways in are made with. */
interface Parts {
  readonly keySets: ReadonlyMap<ResourceId, ReadyKeySet>;
  readonly credentials: CredentialSets;
  readonly surroundings: Surroundings;
}

/** The ways in, each kind where its first alternative stands. Tokens in the same places are looked at once for all rules. */
function authenticators(
  { policy, alternatives }: Authentication,
  { keySets, credentials, surroundings }: Parts,
): readonly Authenticator[] {
  const tokens = Map.groupBy(
    alternatives.filter((way) => way.kind === 'JWT'),
    ({ credential }) => JSON.stringify(credential),
  );
  return alternatives.flatMap((way): readonly Authenticator[] => {
    switch (way.kind) {
      case 'JWT': {
        const rules = tokens.get(JSON.stringify(way.credential)) ?? [];
        return rules[0] === way ? [new JwtAuthenticator(way.credential, rules, keySets, surroundings)] : [];
      }
      case 'APIKey':
        return [new ApiKeyAuthenticator(way, policyNamespace(policy), credentials, surroundings.now)];
      case 'Basic':
        return [new BasicAuthenticator(way, surroundings)];
      case 'Introspection':
        return [new IntrospectionAuthenticator(way, surroundings)];
      case 'OpenIDConnect': {
        const keySet = keySets.get(way.keySet) ?? null;
        return [new OpenIdConnectAuthenticator(way, { policy, keySet }, surroundings)];
      }
      case 'HTTPSignature':
        return [new HttpSignatureAuthenticator(way, policy, keySets.get(way.keySet) ?? null, surroundings)];
      case 'ClientCertificate':
        return [new CertificateAuthenticator(way, surroundings.now)];
      default:
        return way satisfies never;
    }
  });
}
