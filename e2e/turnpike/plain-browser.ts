// What is left of a browser without its screen: it keeps cookies, follows redirects and sends forms.
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface PageSeen {
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

const hopsMax = 10;
const deadlineMs = 5_000;

/** Keeps cookies by host and port, and for good; each request has a connection of its own. */
export class PlainBrowser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** The page that `url` leads to in the end; `form` is sent there by POST. Fails after ten redirects. */
  async go(url: string, form?: Readonly<Record<string, string>>): Promise<PageSeen> {
    let at = new URL(url);
    let sent = form === undefined ? null : new URLSearchParams(form).toString();
    for (let hop = 0; hop < hopsMax; hop += 1) {
      const answer = await this.#ask(at, sent);
      const body = await text(answer);
      const { statusCode: status = 0 } = answer;
      const { location } = answer.headers;
      if (location === undefined) return { url: at.href, status, body };
      at = new URL(location, at);
      sent = null;
    }
    throw new Error(`${url} leads from page to page, at last to ${at.href}`);
  }

  async #ask(url: URL, form: string | null): Promise<IncomingMessage> {
    const jar = this.#jars.get(url.host) ?? new Map<string, string>();
    this.#jars.set(url.host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const request = http.request(url, {
      method: form === null ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        ...(cookie === '' ? {} : { cookie }),
        ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      agent: false,
      signal: AbortSignal.timeout(deadlineMs),
    });
    request.end(form ?? undefined);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    for (const line of answer.headers['set-cookie'] ?? []) keep(jar, line);
    return answer;
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals).trim();
  if (attributes.some((one) => /^\s*max-age=0\s*$/i.test(one)) || equals === pair.length - 1)
    jar.delete(name);
  else jar.set(name, pair.slice(equals + 1));
}
