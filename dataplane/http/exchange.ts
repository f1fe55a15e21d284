import type { ConnectionEnd } from './address.ts';
import type { Denial } from './denial.ts';
import type { Failure } from './failure.ts';
import type { Fields } from './fields.ts';
import type { ForwardedHead, RequestHead, ResponseHead } from './message.ts';
import type { ContentDemand, RequestContent } from './request-content.ts';

/** One request and its answer, as filters and observers see them. proxy/exchange.ts makes and drives it. */
export interface Exchange {
  readonly request: RequestHead;
  readonly forwarded: ForwardedHead;
  readonly client: Client;
  /** Whose request it is; null until that is found. */
  readonly rule: RuleName | null;
  /** Our end of the client's connection. */
  readonly destination: ConnectionEnd;
  /** Who sent it, as far as an authentication has found out. */
  identity: Identity | null;
  /** How a refusal of the policy that has the word is told; null for the usual words. */
  denial: Denial | null;
  /** What a policy in Shadow would have refused it for; for the log. */
  shadowed: string | null;
  /** Added to whatever answer the client gets, also to a refusal: for example `ratelimit`. */
  readonly answerFields: Fields;
  /** Done when a backend has been given all of the request: {@link nothing}, until {@link atSent} adds to it. */
  atSent: () => void;
  /** Done when the head of a backend's answer is there, before anything changes it; as {@link atSent}. */
  atAnswer: (answer: ResponseHead) => void;
  /** Done when it is over, and told why it failed if it did; as {@link atSent}. */
  atEnd: (failure: Failure | null) => void;
  /** Octets of content that the client has been sent. */
  readonly bytesOut: number;
  /** Of a backend's answer, once they are there. */
  readonly trailers: Fields | null;
  /** Length of what the rule's Prefix match matched of `request.path`; -1 for other matches. */
  readonly matchedPrefix: number;
  /** A monotonic clock in milliseconds, read once a request: when its head was complete. */
  readonly startedMs: number;
  /**
   * The request's content, for a filter that cannot do without: it waits for as much as it demands, whoever sends
   * that. One filter at a time; another one, or the same again, may demand more. Or why there is none: that refuses
   * the request. Never rejects.
   */
  content(demand: ContentDemand): Promise<RequestContent | Failure>;
}

/** The stage of an exchange after which nothing is to be done. */
export function nothing(): void {}

/** Has `action` done when a backend has been given all of the request, after what others want done then. */
export function atSent(exchange: Pick<Exchange, 'atSent'>, action: () => void): void {
  const before = exchange.atSent;
  exchange.atSent = () => {
    before();
    action();
  };
}

/** Has `action` done when the head of a backend's answer is there, after what others want done then. */
export function atAnswer(exchange: Pick<Exchange, 'atAnswer'>, action: (answer: ResponseHead) => void): void {
  const before = exchange.atAnswer;
  exchange.atAnswer = (answer) => {
    before(answer);
    action(answer);
  };
}

/** Has `action` done when the exchange is over, however it ends, after what others want done then. */
export function atEnd(exchange: Pick<Exchange, 'atEnd'>, action: (failure: Failure | null) => void): void {
  const before = exchange.atEnd;
  exchange.atEnd = (failure) => {
    before(failure);
    action(failure);
  };
}

/** A rule of a route. */
export interface RuleName {
  /** `HTTPRoute/<namespace>/<name>`. */
  readonly route: string;
  /** Its name, or its index in the route as text. */
  readonly name: string;
}

/** The other end of the connection. */
export interface Client {
  /** Textual IP address without zone; an IPv4-mapped IPv6 address as IPv4. */
  readonly address: string;
  readonly port: number;
  /** The address at the connection's other end: with the PROXY protocol that of the proxy. */
  readonly peer: string;
  /** Null without TLS, and when the client sent no server name. */
  readonly serverName: string | null;
  readonly secure: boolean;
  /** Such as `1.3`; `''` without TLS. */
  readonly tlsVersion: string;
  /** The certificate by which the listener knows the client, the same object for all of a connection; null without. */
  readonly certificate: ClientCertificate | null;
}

/** What there is to tell of a connection without TLS. */
export const inTheClear: Pick<Client, 'serverName' | 'secure' | 'tlsVersion' | 'certificate'> = Object.freeze(
  {
    serverName: null,
    secure: false,
    tlsVersion: '',
    certificate: null,
  },
);

/** A certificate that the listener has verified. */
export interface ClientCertificate {
  /** SHA-256 of it, in lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly der: Uint8Array;
  readonly pem: string;
  /** RFC 2253 form, the most specific part first. */
  readonly subject: string;
  readonly issuer: string;
  /** Since 1970. */
  readonly notAfterMs: number;
}

/** What authentication established; the one identity all other policies read. Frozen. */
export interface Identity {
  /** How it was established; `''` for nobody. */
  readonly method:
    | ''
    | 'JWT'
    | 'APIKey'
    | 'ClientCertificate'
    | 'Basic'
    | 'Introspection'
    | 'OpenIDConnect'
    | 'HTTPSignature';
  /** Who it is to whoever vouches for it, such as the claim `sub`. */
  readonly subject: string;
  /** `<namespace>/<name>` of the Consumer; `''` for none. */
  readonly consumer: string;
  /** The consumer's plan; `''` for none. */
  readonly plan: string;
  /** What the plan lets it do; null: nothing limits it. */
  readonly limits: RequestFilter | null;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** Which of its keys was used, such as `kid`; `''` where there is only one. */
  readonly keyId: string;
}

/** The identity of whom nobody asked, or who did not say. */
export const nobody: Identity = Object.freeze({
  method: '',
  subject: '',
  consumer: '',
  plan: '',
  limits: null,
  groups: Object.freeze([]),
  scopes: Object.freeze([]),
  claims: Object.freeze({}),
  keyId: '',
});

/** What a request filter says: null to go on, why the request is refused, or what it is answered in place of a backend. */
export type Verdict = Failure | Answered | null;

/** An answer that a filter, or a redirect, gives. */
export interface Answered {
  readonly kind: 'Answered';
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
}

/**
 * Acts on a request before it is forwarded. May change `exchange.forwarded`, `identity`, `shadowed` and
 * `answerFields`.
 *
 * Hot path: answers at once wherever it can; a promise is for the rare request that must wait.
 */
export interface RequestFilter {
  readonly kind: string;
  /** Names (lower case) of fields that it decides: the client's trailers of these names go no further. */
  readonly ownFields?: readonly string[];
  apply(exchange: Exchange): Verdict | Promise<Verdict>;
}
