import type { Http2Session } from 'node:http2';

/** Pings the peer of `session` and destroys the session when it does not answer. Ends with the session. */
export function keepAlive(
  session: Http2Session,
  spans: { readonly pingEveryMs: number; readonly pingAnswerMs: number },
): void {
  let dead: NodeJS.Timeout | undefined;
  const ping = setInterval(() => {
    if (dead !== undefined || session.destroyed) return;
    dead = setTimeout(() => session.destroy(), spans.pingAnswerMs);
    session.ping(() => {
      clearTimeout(dead);
      dead = undefined;
    });
  }, spans.pingEveryMs);
  session.once('close', () => {
    clearInterval(ping);
    clearTimeout(dead);
  });
}
