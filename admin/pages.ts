import type { Answer } from './server.ts';

/** Whether a plane can do its work, and if not, why not, in words for an operator. */
export type Health = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** 200 `ok`, or 503 with the reason: what a Kubernetes probe and a person want to know. */
export function healthPage(check: () => Health): () => Answer {
  return () => {
    const health = check();
    const mediaType = 'text/plain; charset=utf-8';
    return health.ok
      ? { status: 200, mediaType, body: 'ok\n' }
      : { status: 503, mediaType, body: `${health.reason}\n` };
  };
}

/** Prometheus text format 0.0.4. */
export function metricsPage(text: () => Promise<string>): () => Promise<Answer> {
  return async () => ({
    status: 200,
    mediaType: 'text/plain; version=0.0.4; charset=utf-8',
    body: await text(),
  });
}

/** Characters after which others get their turn on the loop. */
const charactersAtATime = 262_144;

/**
 * A JSON object of `head` and, under `name`, `entries`, one a line. Entries are made one by one and others get
 * their turn between, since there may be thousands. What is secret must be of a type that says so to JSON.
 */
export function jsonPage(make: () => JsonDocument): () => Promise<Answer> {
  return async () => {
    const { head, name, entries } = make();
    let body = `{${Object.entries(head)
      .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)},\n`)
      .join('')}${JSON.stringify(name)}:{`;
    let separator = '\n';
    let pausedAt = 0;
    for (const [key, value] of entries) {
      body += `${separator}${JSON.stringify(key)}:${JSON.stringify(value)}`;
      separator = ',\n';
      if (body.length - pausedAt < charactersAtATime) continue;
      pausedAt = body.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { status: 200, mediaType: 'application/json', body: `${body}\n}}\n` };
  };
}

/** What a {@link jsonPage} shows. */
export interface JsonDocument {
  readonly head: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly entries: Iterable<readonly [key: string, value: unknown]>;
}
