// Requests as the listener hands them on.
import { inTheClear, nothing, type Client, type Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { RequestHead } from '#dataplane/http/message.ts';

/** The head of `GET http://example.com/`, but for what is given; `target` is path and query. */
export function givenRequest(
  given: {
    method?: string;
    host?: string;
    target?: string;
    fields?: readonly (readonly [string, string])[];
  } = {},
): RequestHead {
  const target = given.target ?? '/';
  const mark = target.indexOf('?');
  const host = given.host ?? 'example.com';
  const fields = new Fields();
  for (const [name, value] of given.fields ?? []) fields.append(name.toLowerCase(), value, name);
  return {
    method: given.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? null : target.slice(mark + 1),
    authority: host,
    host,
    protocol: 'HTTP/1.1',
    fields,
  };
}

/** An exchange that begins with `request`; `forwarded` is a copy of it. */
export function givenExchange(
  request: RequestHead = givenRequest(),
  given: { matchedPrefix?: number; client?: Partial<Client>; content?: Buffer } = {},
): Exchange {
  const fields = new Fields();
  fields.appendAll(request.fields);
  return {
    request,
    forwarded: {
      method: request.method,
      path: request.path,
      query: request.query,
      authority: request.authority,
      fields,
    },
    client: {
      address: '192.0.2.1',
      port: 40000,
      peer: '192.0.2.1',
      ...inTheClear,
      ...given.client,
    },
    rule: null,
    destination: { address: '198.51.100.1', port: 80 },
    identity: null,
    denial: null,
    shadowed: null,
    atSent: nothing,
    atAnswer: nothing,
    atEnd: nothing,
    bytesOut: 0,
    trailers: null,
    answerFields: new Fields(),
    matchedPrefix: given.matchedPrefix ?? -1,
    startedMs: 0,
    content: () => Promise.resolve({ octets: given.content ?? Buffer.alloc(0), isWhole: true }),
  };
}
