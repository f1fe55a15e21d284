// Requests that are signed themselves (RFC 9421), with their content (RFC 9530).
import { nobody, type Exchange } from '#dataplane/http/exchange.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import type { HttpSignatureAuthentication } from '#snapshot/http-signature.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { SharedMemory } from '../shared-memory.ts';
import type { Admission, Authenticator, Challenge, Finding, Refusal } from './authenticator.ts';
import { badCredential, keysUnavailable, overloaded } from './findings.ts';
import { identityLine } from './identity-fields.ts';
import { problemOfDigest } from './http-signature/content-digest.ts';
import { messageSignatures, type MessageSignature } from './http-signature/message-signatures.ts';
import { nonceName, type Nonces, type UsedNonce } from './http-signature/nonces.ts';
import { signatureBase } from './http-signature/signature-base.ts';
import type { ReadyKeySet, VerificationKey } from './keys.ts';
import { policyNamespace } from '../policy-namespace.ts';
import { isSignature } from './signature.ts';

/** What the signatures of all authentications share. */
export interface HttpSignatureSurroundings {
  readonly now: () => number;
  readonly onMissingKey: (keySet: ResourceId, kid: string) => void;
  readonly verificationsMax: number;
  readonly verifications: { running: number };
  readonly nonces: Nonces;
  readonly memory: SharedMemory;
}

/** Most keys of one name that are tried. */
const keysTriedMax = 4;

/** The algorithms of RFC 9421 section 3.3 by the names that keys have for them. */
const algorithms: { readonly [A in VerificationKey['alg']]?: string } = {
  HS256: 'hmac-sha256',
  EdDSA: 'ed25519',
  ES256: 'ecdsa-p256-sha256',
  ES384: 'ecdsa-p384-sha384',
  PS512: 'rsa-pss-sha512',
  RS256: 'rsa-v1_5-sha256',
};

const challenge: Challenge = { missing: 'Signature', invalid: 'Signature error="invalid_signature"' };

/** A signature that says what it should, and what is checked of it with which keys. */
interface Candidate {
  readonly signature: MessageSignature;
  readonly base: string;
  readonly keys: readonly VerificationKey[];
}

/**
 * The way in by a signature of the request. One good signature lets it in, whichever of several; what it must cover is
 * looked at before any key is used, and content is waited for only when the signature is good.
 */
export class HttpSignatureAuthenticator implements Authenticator {
  readonly credential: CredentialPlaces;
  readonly identityHeaders: readonly string[];
  readonly challenge = challenge;
  readonly #rule: HttpSignatureAuthentication;
  readonly #policy: string;
  readonly #keySet: ReadyKeySet | null;
  readonly #surroundings: HttpSignatureSurroundings;

  /** `policy`: `<namespace>/<name>`. `keySet`: null where there is none, which lets nobody in. */
  constructor(
    rule: HttpSignatureAuthentication,
    policy: string,
    keySet: ReadyKeySet | null,
    surroundings: HttpSignatureSurroundings,
  ) {
    this.credential = rule.credential;
    this.identityHeaders = rule.keyIdHeader === null ? [] : [rule.keyIdHeader];
    this.#rule = rule;
    this.#policy = policy;
    this.#keySet = keySet;
    this.#surroundings = surroundings;
  }

  authenticate(exchange: Exchange): Finding | null | Promise<Finding> {
    const read = messageSignatures(exchange.request.fields);
    if (read === null) return null;
    if (read.kind === 'Malformed') return this.#refusal(read.detail);
    const { tag } = this.#rule;
    const ours = read.signatures.filter(({ parameters }) => tag === '' || parameters.tag === tag);
    if (ours.length === 0) return null;
    const keys = this.#keySet?.keys ?? null;
    if (keys === null) return keysUnavailable(this.#rule.keySet);
    const candidates: Candidate[] = [];
    const problems: Refusal[] = [];
    for (const signature of ours) {
      const found = this.#candidate(exchange, signature, keys);
      if ('base' in found) candidates.push(found);
      else problems.push(found);
    }
    if (candidates.length === 0) return joined(problems);
    const { verifications, verificationsMax } = this.#surroundings;
    if (verifications.running >= verificationsMax) return overloaded;
    verifications.running += 1;
    return this.#tryAll(exchange, candidates, problems);
  }

  #candidate(
    exchange: Exchange,
    signature: MessageSignature,
    all: readonly VerificationKey[],
  ): Candidate | Refusal {
    const { label, parameters } = signature;
    const wrong = this.#problemOfTime(parameters) ?? this.#uncovered(exchange, signature);
    if (wrong !== null) return { ...this.#refusal(`${label}: ${wrong}`), isGuess: false };
    const { keyid, alg } = parameters;
    if (keyid === null) return this.#refusal(`${label}: no keyid`);
    const named = all.filter(({ kid }) => kid === keyid);
    if (named.length === 0 && this.#keySet?.refreshable === true) {
      this.#surroundings.onMissingKey(this.#keySet.id, keyid);
    }
    const keys = named.filter((key) => {
      const name = algorithms[key.alg];
      return name !== undefined && (alg === null || alg === name);
    });
    if (keys.length === 0) {
      const detail = named.length === 0 ? 'no key of this keyid' : 'its key is for another algorithm';
      return this.#refusal(`${label}: ${detail}`);
    }
    const base = signatureBase(exchange, signature);
    if (base.kind === 'None') return this.#refusal(`${label}: ${base.detail}`);
    return { signature, base: base.text, keys: keys.slice(0, keysTriedMax) };
  }

  #problemOfTime({ created, expires, nonce }: MessageSignature['parameters']): string | null {
    const { maxAgeMs, clockSkewMs, nonce: wanted } = this.#rule;
    if (created === null) return 'no created';
    const nowMs = this.#surroundings.now();
    if (created * 1000 > nowMs + clockSkewMs) return 'created is still to come';
    if (created * 1000 + maxAgeMs + clockSkewMs <= nowMs) return 'created is too long ago';
    if (expires !== null && expires * 1000 + clockSkewMs <= nowMs) return 'expires is over';
    if (nonce === null) return wanted === 'Required' ? 'no nonce' : null;
    return nonce === '' ? 'an empty nonce' : null;
  }

  /** What it should cover and does not. The target URI holds scheme, authority, path and query. */
  #uncovered({ request }: Exchange, { components }: MessageSignature): string | null {
    const covered = new Set(
      components
        .filter(({ parameters }) => parameters.size === 0 || parameters.has('bs'))
        .map(({ name }) => name),
    );
    if (covered.has('@target-uri')) for (const part of partsOfTarget) covered.add(part);
    const query = request.query === null ? [] : ['@query'];
    const wanted = ['@method', '@authority', '@path', ...query, ...this.#rule.components];
    const missing = wanted.find((name) => !covered.has(name));
    return missing === undefined ? null : `does not cover ${missing}`;
  }

  async #tryAll(
    exchange: Exchange,
    candidates: readonly Candidate[],
    problems: readonly Refusal[],
  ): Promise<Finding> {
    let good: MessageSignature | null;
    try {
      good = await firstGood(candidates);
    } finally {
      this.#surroundings.verifications.running -= 1;
    }
    if (good === null) {
      const labels = candidates.map(({ signature }) => signature.label).join(', ');
      return joined([...problems, this.#refusal(`${labels}: not made with the key that it names`)]);
    }
    return (await this.#problemOfContent(exchange, good)) ?? this.#unlessUsed(good);
  }

  /** Its signer has vouched for the digest alone. */
  async #problemOfContent(
    exchange: Exchange,
    { label, components }: MessageSignature,
  ): Promise<Finding | null> {
    const isCovered = components.some(
      ({ name, parameters }) => name === 'content-digest' && !parameters.has('key'),
    );
    const found = await exchange.content(
      isCovered
        ? { bytesMax: this.#rule.contentBytesMax, beyond: 'Refuse' }
        : { bytesMax: 0, beyond: 'Truncate' },
    );
    if ('kind' in found) return { kind: 'Outage', failure: found };
    const problem = isCovered
      ? problemOfDigest(exchange.request.fields.joined('content-digest') ?? '', found.octets)
      : found.isWhole
        ? null
        : 'does not cover content-digest, and there is content';
    return problem === null ? null : { ...this.#refusal(`${label}: ${problem}`), isGuess: false };
  }

  async #unlessUsed({ label, parameters }: MessageSignature): Promise<Finding> {
    const { nonce, created, keyid } = parameters;
    if (nonce === null) return this.#admission(keyid ?? '');
    const { maxAgeMs, clockSkewMs, name } = this.#rule;
    const used = {
      namespace: policyNamespace(this.#policy),
      way: `${this.#policy}/${name}`,
      keyid: keyid ?? '',
      nonce,
      createdMs: (created ?? 0) * 1000,
      lastsMs: maxAgeMs + clockSkewMs,
    };
    const found = this.#surroundings.nonces.use(used, this.#surroundings.now());
    if (found === 'Full') return overloaded;
    if (found === 'Used' || (await this.#isUsedElsewhere(used))) {
      return { ...this.#refusal(`${label}: its nonce was used before`), isGuess: false };
    }
    return this.#admission(keyid ?? '');
  }

  /**
   * Whether another data plane knows the nonce, where nonces are asked for. One that cannot be asked is not waited for: a
   * replay is then refused where the nonce was used, as without any memory that is shared, and nobody else is.
   */
  async #isUsedElsewhere(used: UsedNonce): Promise<boolean> {
    if (this.#rule.nonce !== 'Required') return false;
    const { memory, now } = this.#surroundings;
    const leftMs = Math.ceil(used.createdMs + used.lastsMs - now());
    const taken = await memory.take(`nonce:${nonceName(used).toString('base64url')}`, Math.max(1, leftMs));
    return taken.kind === 'Held';
  }

  #admission(keyid: string): Admission {
    const { keyIdHeader } = this.#rule;
    const identity = Object.freeze({
      ...nobody,
      method: 'HTTPSignature',
      subject: keyid,
      keyId: keyid,
    } as const);
    return {
      kind: 'Admission',
      identity,
      lines: keyIdHeader === null ? [] : identityLine(keyIdHeader, keyid),
    };
  }

  #refusal(detail: string): Refusal {
    return badCredential(this.#rule.name, detail);
  }
}

const partsOfTarget = ['@scheme', '@authority', '@path', '@query'];

async function firstGood(candidates: readonly Candidate[]): Promise<MessageSignature | null> {
  for (const { signature, base, keys } of candidates) {
    for (const key of keys) if (await isSignature(key, base, signature.signature)) return signature;
  }
  return null;
}

function joined(refusals: readonly Refusal[]): Refusal {
  return {
    kind: 'Refusal',
    detail: refusals.map(({ detail }) => detail).join('; '),
    isGuess: refusals.some(({ isGuess }) => isGuess),
  };
}
