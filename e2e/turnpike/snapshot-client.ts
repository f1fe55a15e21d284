import { once } from 'node:events';
import http2 from 'node:http2';
import { createInterface } from 'node:readline';
import { messageLine, protocolNumber } from '#snapshot/message.ts';
import type { GatewayKey } from '#snapshot/ids.ts';

export interface SnapshotAsk {
  /** `https://host:port` of a controller. */
  readonly controller: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  readonly gateway: GatewayKey;
}

/** The status that a controller answers to one who asks for a Gateway's snapshot with this token. */
export function statusOfSnapshot(ask: SnapshotAsk): Promise<number> {
  return answered(ask, async (_, status) => status);
}

/** All of the Gateway's snapshot as it is sent, a line for each resource, sorted. */
export function snapshotLines(ask: SnapshotAsk): Promise<readonly string[]> {
  return answered(ask, async (stream) => {
    const lines: string[] = [];
    for await (const line of createInterface({ input: stream })) {
      if (line.startsWith('{"type":"commit"')) break;
      lines.push(line);
    }
    return lines.sort();
  });
}

/** What `read` makes of the stream on which a controller answers. */
async function answered<T>(
  { controller, ca, token, gateway }: SnapshotAsk,
  read: (stream: http2.ClientHttp2Stream, status: number) => Promise<T>,
): Promise<T> {
  const session = http2.connect(controller, { ca });
  try {
    const headers = { ':method': 'POST', ':path': '/v1/snapshots', authorization: `Bearer ${token}` };
    const stream = session.request(headers, { endStream: false });
    const hello = { version: null, order: null, serving: false, build: 'e2e', instance: 'somebody' };
    stream.write(messageLine({ type: 'hello', protocol: protocolNumber, gateway, ...hello }));
    const signal = AbortSignal.timeout(10_000);
    const [answer] = (await once(stream, 'response', { signal })) as [http2.IncomingHttpHeaders];
    return await read(stream, answer[':status'] as unknown as number);
  } finally {
    session.destroy();
  }
}
