// The cookies of one way in: the session, and a few attempts to log in (one a tab). Over TLS their names begin with
// `__Host-`: no other host and no page without TLS can have set them (RFC 6265bis section 4.1.3.2).
import { onlyCookie } from '#dataplane/http/cookies.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { loginCookiePrefix } from '#snapshot/open-id-connect.ts';

/** Browsers keep 4096 octets of a cookie, its name and attributes among them. */
const partCharactersMax = 3800;

/** Cookies of one session; what needs more is no session. */
const partsMax = 4;

/** Logins under way in one browser; who begins more gives up the oldest. */
export const attemptsMax = 10;

const attemptId = /^[0-9a-f]{8}$/u;

/** Which request's cookies are meant: over TLS they are others. */
export interface CookieContext {
  readonly exchange: Exchange;
  readonly secure: boolean;
}

interface Names {
  /** The first tells by its first character how many there are. */
  readonly session: readonly string[];
  /** What the cookie of an attempt is called before its id. */
  readonly attempt: string;
  readonly tally: string;
}

/** The cookies of the way in that `tag` names. */
export class LoginCookies {
  readonly #secure: Names;
  readonly #plain: Names;

  constructor(tag: string) {
    this.#secure = namesBehind(`__Host-${loginCookiePrefix}${tag}`);
    this.#plain = namesBehind(`${loginCookiePrefix}${tag}`);
  }

  /**
   * The session's text; null without one, or with one that is not whole.
   *
   * Hot path: one cookie is looked for where the session has one.
   */
  session({ exchange, secure }: CookieContext): string | null {
    const { fields } = exchange.request;
    const { session } = this.#names(secure);
    const first = onlyCookie(fields, session[0] ?? '') ?? '';
    const count = first.charCodeAt(0) - zero;
    if (count === 1) return first.slice(1);
    if (!(count > 1 && count <= partsMax)) return null;
    let text = first.slice(1);
    for (let part = 1; part < count; part += 1) {
      const more = onlyCookie(fields, session[part] ?? '') ?? null;
      if (more === null) return null;
      text += more;
    }
    return text;
  }

  /** Has the browser keep `text` from now on; whether it is short enough. Null: it is to forget what it has. */
  keepSession({ exchange, secure }: CookieContext, text: string | null): boolean {
    const lines = this.sessionLines(secure, text);
    if (lines === null) return false;
    tell(exchange, lines);
    const { session } = this.#names(secure);
    for (const name of session.slice(lines.length)) this.#forget({ exchange, secure }, name);
    return true;
  }

  /** Values of Set-Cookie by which a browser keeps `text`; null when it is too long. */
  sessionLines(secure: boolean, text: string | null): readonly string[] | null {
    if (text === null) return [];
    const { session } = this.#names(secure);
    const count = Math.ceil((text.length + 1) / partCharactersMax);
    if (count > partsMax) return null;
    const whole = `${count}${text}`;
    return session.slice(0, count).map((name, part) => {
      const value = whole.slice(part * partCharactersMax, (part + 1) * partCharactersMax);
      return `${name}=${value}${attributes(secure)}`;
    });
  }

  attempt({ exchange, secure }: CookieContext, id: string): string | null {
    const name = `${this.#names(secure).attempt}${id}`;
    return attemptId.test(id) ? (onlyCookie(exchange.request.fields, name) ?? null) : null;
  }

  /** How many attempts the browser tells of. */
  attemptCount(context: CookieContext): number {
    return this.#attempts(context).length;
  }

  /** Each attempt has a cookie of its own name, so that tabs which begin at once do not take it from each other. */
  keepAttempt(context: CookieContext, id: string, text: string, ageS: number): void {
    const { exchange, secure } = context;
    const { attempt } = this.#names(secure);
    tell(exchange, [`${attempt}${id}=${text}; Max-Age=${ageS}${attributes(secure)}`]);
    for (const old of this.#attempts(context).slice(0, 1 - attemptsMax)) this.forgetAttempt(context, old);
  }

  forgetAttempt(context: CookieContext, id: string): void {
    this.#forget(context, `${this.#names(context.secure).attempt}${id}`);
  }

  /** The ids of those that the browser tells of: the oldest come first (RFC 6265 section 5.4). */
  #attempts({ exchange, secure }: CookieContext): readonly string[] {
    const { attempt } = this.#names(secure);
    const pairs = (exchange.request.fields.joined('cookie') ?? '').split(/[;,]/u);
    const names = pairs.map((pair) => pair.trim().split('=', 1)[0] ?? '');
    const ids = names.filter((name) => name.startsWith(attempt)).map((name) => name.slice(attempt.length));
    return ids.filter((id) => attemptId.test(id));
  }

  /** How often this browser has begun of late. */
  tally({ exchange, secure }: CookieContext): string | null {
    return onlyCookie(exchange.request.fields, this.#names(secure).tally) ?? null;
  }

  keepTally({ exchange, secure }: CookieContext, text: string, ageS: number): void {
    tell(exchange, [`${this.#names(secure).tally}=${text}; Max-Age=${ageS}${attributes(secure)}`]);
  }

  #forget({ exchange, secure }: CookieContext, name: string): void {
    if (onlyCookie(exchange.request.fields, name) === null) return;
    tell(exchange, [`${name}=; Max-Age=0${attributes(secure)}`]);
  }

  #names(secure: boolean): Names {
    return secure ? this.#secure : this.#plain;
  }
}

const zero = 0x30;

function namesBehind(prefix: string): Names {
  return {
    session: Array.from({ length: partsMax }, (_, part) => (part === 0 ? prefix : `${prefix}-${part}`)),
    attempt: `${prefix}-try-`,
    tally: `${prefix}-tally`,
  };
}

function attributes(secure: boolean): string {
  return `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Has the client's browser keep what the lines tell, whatever else it is answered. */
export function tell({ answerFields }: { readonly answerFields: Fields }, lines: readonly string[]): void {
  for (const line of lines) answerFields.append('set-cookie', line, 'Set-Cookie');
}
