import http from 'node:http';
import https from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';

/** A request to loopback. */
export interface Wanted {
  /** Of loopback; 127.0.0.1 unless told. */
  readonly address?: string;
  readonly port: number;
  /** The address of loopback it comes from; 127.0.0.1 unless told. */
  readonly from?: string;
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Keeps connections when given; else each request has its own. */
  readonly agent?: http.Agent;
  /** Over TLS, trusting these authorities; `host` is the server name. */
  readonly ca?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The whole answer; fails after 5 s. */
export function request(wanted: Wanted): Promise<Got> {
  const { port, path = '/', method = 'GET', host = 'example.com', headers = {}, body, agent, ca } = wanted;
  const options = {
    host: wanted.address ?? '127.0.0.1',
    port,
    path,
    method,
    headers: { host, ...headers },
    agent: agent ?? false,
    ...(wanted.from === undefined ? {} : { localAddress: wanted.from }),
    signal: AbortSignal.timeout(5_000),
  } as const;
  return new Promise((resolve, reject) => {
    const sent =
      ca === undefined
        ? http.request(options)
        : https.request({
            ...options,
            agent: agent ?? false,
            ca,
            servername: host,
          });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.end(body);
  });
}
