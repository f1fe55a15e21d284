// A browser without its page: keeps cookies by host and port, and goes where it is sent, on loopback.
import { request, type Got } from './http-client.ts';

/** Where it is, and what it sees there. */
export interface Page extends Got {
  readonly url: string;
}

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };

export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();
  /** Values that it was given, also such as it has no more. */
  readonly everyCookie: string[] = [];
  /** Codes that it brought anywhere. */
  readonly everyCode: string[] = [];

  /** Where requests go, whatever their host is; 127.0.0.1 unless told. */
  address = '127.0.0.1';

  /** Another one with the same cookies, at the same address. */
  copy(): CookieJar {
    const copy = new CookieJar();
    for (const [host, jar] of this.#cookies) copy.#cookies.set(host, new Map(jar));
    copy.address = this.address;
    return copy;
  }

  /** Goes to a page, and is not sent on. */
  go(url: string): Promise<Page> {
    return this.#ask(url, { headers: page });
  }

  /** What a script there asks. */
  script(url: string): Promise<Page> {
    return this.#ask(url, { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } });
  }

  /** Sends a form. */
  send(url: string, form: Readonly<Record<string, string>>): Promise<Page> {
    const headers = { ...page, 'content-type': 'application/x-www-form-urlencoded' };
    return this.#ask(url, { method: 'POST', body: new URLSearchParams(form).toString(), headers });
  }

  /** Follows redirects until there is none. */
  async follow(answer: Page): Promise<Page> {
    let last = answer;
    for (let hops = 0; hops < 12; hops += 1) {
      const { location } = last.headers;
      if (location === undefined) return last;
      last = await this.go(new URL(location, last.url).href);
    }
    throw new Error(`it is sent round and round, now to ${last.url}`);
  }

  async #ask(
    url: string,
    wanted: { readonly method?: string; readonly body?: string; readonly headers: Record<string, string> },
  ): Promise<Page> {
    const { host, port, pathname, search, searchParams } = new URL(url);
    const code = searchParams.get('code');
    if (code !== null) this.everyCode.push(code);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...wanted.headers, ...(cookie === '' ? {} : { cookie }) };
    const got = await request({
      ...wanted,
      address: this.address,
      port: Number(port),
      host,
      path: `${pathname}${search}`,
      headers,
    });
    for (const line of got.headers['set-cookie'] ?? []) this.#keep(jar, line);
    return { ...got, url };
  }

  #keep(jar: Map<string, string>, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const isOver = attributes.some((one) => /^max-age=0$|^expires=thu, 01 jan 1970/iu.test(one));
    if (isOver) jar.delete(name);
    else jar.set(name, value);
    if (value.length > 16) this.everyCookie.push(value);
  }
}
