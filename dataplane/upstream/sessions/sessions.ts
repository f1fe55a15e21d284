// How the requests of a client find the endpoint of its first one: a token, in a cookie or a header, names backend and
// endpoint to whoever has the Gateway's key, so that no data plane need know what another has seen. What is late,
// forged, doubled or meant for another rule is as if it were not there.
import { createHash } from 'node:crypto';
import { onlyCookie } from '#dataplane/http/cookies.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { makePrivate } from '#dataplane/http/private-answer.ts';
import type { Persistence, SessionCarrier } from '#snapshot/sessions.ts';
import type { UpstreamCluster } from '../cluster.ts';
import type { UpstreamEndpoint } from '../endpoint.ts';
import type { OpenedToken, SessionSeal } from './session-seal.ts';

/** Where requests of a rule can go. */
export interface SessionBackend {
  readonly cluster: UpstreamCluster | null;
}

/** What the sessions of a rule are made of. */
export interface SessionTerms<B extends SessionBackend> {
  readonly persistence: Persistence;
  /** The rule: its tokens lead nowhere in another one. */
  readonly scope: string;
  readonly seal: SessionSeal;
  /** Those that get requests, in the rule's order. */
  readonly backends: readonly B[];
  /** Seconds since 1970; the system's by default. */
  readonly nowS?: () => number;
}

/** Of an idle time, for how long a token need not be told anew: so much longer a session may live. */
const idleSlack = 1 / 8;

/** The sessions of one rule. */
export class Sessions<B extends SessionBackend> {
  readonly #terms: SessionTerms<B>;
  readonly #nowS: () => number;
  readonly #backends = new Map<string, B>();
  readonly #names = new Map<B, string>();
  readonly #line: CookieLine | null;
  /** The last token for each endpoint that begins a session: of all that begin in one second with one backend. */
  readonly #issued = new WeakMap<UpstreamEndpoint, IssuedToken<B>>();

  constructor(terms: SessionTerms<B>) {
    this.#terms = terms;
    this.#nowS = terms.nowS ?? ((): number => Math.floor(Date.now() / 1_000));
    const { carrier, absoluteMs } = terms.persistence;
    this.#line = carrier.kind === 'Cookie' ? new CookieLine(carrier, absoluteMs) : null;
    const seen = new Map<string, number>();
    for (const backend of terms.backends) {
      const cluster = backend.cluster?.name ?? '';
      const count = seen.get(cluster) ?? 0;
      seen.set(cluster, count + 1);
      // a rule may name one Service twice, with other filters
      const name = nameOf(`${cluster} ${count}`);
      this.#backends.set(name, backend);
      this.#names.set(backend, name);
    }
  }

  /** The session of a request; a new one where it brings none that still holds, or its endpoint cannot be asked. */
  of(fields: Fields): Session<B> {
    const token = this.#tokenIn(fields);
    const opened = token === null ? null : this.#terms.seal.open(this.#terms.scope, token);
    if (token === null || opened === null || this.#isOver(opened)) return new Session(this, null);
    const backend = this.#backends.get(opened.backend) ?? null;
    const endpoint = backend?.cluster?.usable(opened.endpoint) ?? null;
    return new Session(this, backend === null || endpoint === null ? null : { token, opened, backend });
  }

  /** Tells the client, with the head of an answer, what brings it back to who gave the answer. */
  tell(answer: Fields, from: AnsweredBy<B>, held: HeldSession<B> | null): void {
    const isHeld = held?.backend === from.backend && held.opened.endpoint === from.endpoint.name;
    const kept = isHeld ? held : null;
    const { carrier } = this.#terms.persistence;
    if (kept !== null && !this.#isStale(kept.opened)) {
      if (carrier.kind === 'Header') answer.set(carrier.name, kept.token);
      return;
    }
    const nowS = this.#isTimed ? this.#nowS() : 0;
    const begunS = kept?.opened.begunS ?? nowS;
    const token = begunS === nowS ? this.#first(from, nowS) : this.#sealed(from, begunS, nowS);
    if (this.#line === null) {
      answer.set(carrier.name, token);
      return;
    }
    answer.appendLine('set-cookie', this.#line.of(token, nowS - begunS, from.secure));
    // whoever got it from a cache would be led to the same endpoint
    makePrivate(answer);
  }

  #tokenIn(fields: Fields): string | null {
    const { carrier } = this.#terms.persistence;
    const { name } = carrier;
    return (carrier.kind === 'Cookie' ? onlyCookie(fields, name) : fields.only(name)) ?? null;
  }

  get #isTimed(): boolean {
    const { absoluteMs, idleMs } = this.#terms.persistence;
    return absoluteMs > 0 || idleMs > 0;
  }

  #isOver({ begunS, seenS }: OpenedToken): boolean {
    if (!this.#isTimed) return false;
    const { absoluteMs, idleMs } = this.#terms.persistence;
    const nowMs = this.#nowS() * 1_000;
    const isTooOld = absoluteMs > 0 && nowMs - begunS * 1_000 >= absoluteMs;
    return isTooOld || (idleMs > 0 && nowMs - seenS * 1_000 > idleMs * (1 + idleSlack) + 1_000);
  }

  /** Whether the client should have another token of the same session. */
  #isStale({ seenS, isOld }: OpenedToken): boolean {
    const { idleMs } = this.#terms.persistence;
    return isOld || (idleMs > 0 && (this.#nowS() - seenS) * 1_000 > idleMs * idleSlack);
  }

  /** Hot path: whoever comes without a token costs no cipher but the first of each second. */
  #first(from: AnsweredBy<B>, nowS: number): string {
    const known = this.#issued.get(from.endpoint);
    if (known?.atS === nowS && known.backend === from.backend) return known.token;
    const token = this.#sealed(from, nowS, nowS);
    this.#issued.set(from.endpoint, { atS: nowS, backend: from.backend, token });
    return token;
  }

  #sealed({ backend, endpoint }: AnsweredBy<B>, begunS: number, seenS: number): string {
    const { seal, scope } = this.#terms;
    return seal.seal(scope, {
      backend: this.#names.get(backend) ?? '',
      endpoint: endpoint.name,
      begunS,
      seenS,
    });
  }
}

/** Who gave an answer, and whether the client's connection is TLS. */
export interface AnsweredBy<B> {
  readonly backend: B;
  readonly endpoint: UpstreamEndpoint;
  readonly secure: boolean;
}

interface IssuedToken<B> {
  readonly atS: number;
  readonly backend: B;
  readonly token: string;
}

interface HeldSession<B> {
  readonly token: string;
  readonly opened: OpenedToken;
  readonly backend: B;
}

/** What one request has to do with a session. */
export class Session<B extends SessionBackend = SessionBackend> {
  readonly #sessions: Sessions<B>;
  readonly #held: HeldSession<B> | null;

  constructor(sessions: Sessions<B>, held: HeldSession<B> | null) {
    this.#sessions = sessions;
    this.#held = held;
  }

  /** Where it goes; null: whoever's turn it is. */
  get backend(): B | null {
    return this.#held?.backend ?? null;
  }

  /** The endpoint there, as long as it can be asked. */
  get endpoint(): UpstreamEndpoint | null {
    return this.#held?.backend.cluster?.usable(this.#held.opened.endpoint) ?? null;
  }

  /** Tells `client`, with the head of an answer of `endpoint`, what leads there again, unless it knows. */
  tell(
    answer: Fields,
    backend: B | null,
    endpoint: UpstreamEndpoint | null,
    { secure }: Pick<Client, 'secure'>,
  ): void {
    if (backend !== null && endpoint !== null) {
      this.#sessions.tell(answer, { backend, endpoint, secure }, this.#held);
    }
  }
}

/** How a cookie is set (RFC 6265 section 4.1, SameSite as browsers have it), but for its value. */
class CookieLine {
  readonly #name: string;
  readonly #attributes: string;
  /** Seconds that a permanent one lives; 0 for one of the browser's session. */
  readonly #ageS: number;

  constructor(carrier: Extract<SessionCarrier, { kind: 'Cookie' }>, absoluteMs: number) {
    this.#name = carrier.name;
    this.#attributes = `; Path=${carrier.path}; HttpOnly; SameSite=Lax`;
    this.#ageS = carrier.lifetime === 'Permanent' ? Math.ceil(absoluteMs / 1_000) : 0;
  }

  of(token: string, spentS: number, secure: boolean): string {
    const age = this.#ageS === 0 ? '' : `; Max-Age=${this.#ageS - spentS}`;
    const value = `${this.#name}=${token}${this.#attributes}${age}${secure ? '; Secure' : ''}`;
    return fieldLine('Set-Cookie', value);
  }
}

function nameOf(backend: string): string {
  return createHash('sha256').update(backend).digest('base64url').slice(0, 8);
}
