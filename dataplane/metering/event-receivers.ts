// Who is told what was used: a file, or a server.
import { Fields } from '#dataplane/http/fields.ts';
import { open } from 'node:fs/promises';
import type { CallLimits, ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { SendEvents } from './keeper.ts';

/** Adds events to a file, one a line; it stands on the disk when that settles. */
export function toFile(file: string): SendEvents {
  // What was torn before stands by itself.
  let begin = '\n';
  return async (events) => {
    const handle = await open(file, 'a', 0o600);
    try {
      const { size } = await handle.stat();
      const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
      const torn = begin;
      begin = '\n';
      await handle.appendFile(size === 0 ? text : `${torn}${text}`);
      await handle.datasync();
      begin = '';
    } finally {
      await handle.close();
    }
  };
}

const limits: CallLimits = { timeoutMs: 10_000, answerBytesMax: 64 * 1024 };

export interface EventServer {
  readonly url: URL;
  readonly call: (request: ServiceRequest, limits: CallLimits) => Promise<ServiceAnswer>;
  /** The bearer token that is shown; null: none. */
  readonly readToken: () => Promise<string | null>;
}

/** Posts events in the batch mode of CloudEvents; any answer of 2xx has taken them. */
export function toServer({ url, call, readToken }: EventServer): SendEvents {
  return async (events) => {
    const content = Buffer.from(JSON.stringify(events));
    const fields = new Fields();
    fields.append('content-type', 'application/cloudevents-batch+json; charset=utf-8');
    const token = await readToken();
    if (token !== null) fields.append('authorization', `Bearer ${token.trim()}`);
    const answer = await call(
      {
        method: 'POST',
        path: url.pathname,
        query: url.search === '' ? null : url.search.slice(1),
        authority: url.host,
        fields,
        content: [content],
      },
      limits,
    );
    if (answer.kind === 'Failed') throw new Error(`${url.host} cannot be told: ${answer.detail}`);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${url.host} has answered ${answer.status}`);
    }
  };
}
