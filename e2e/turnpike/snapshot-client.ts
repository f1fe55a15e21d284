import { once } from 'node:events';
import http2 from 'node:http2';
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
export async function statusOfSnapshot({ controller, ca, token, gateway }: SnapshotAsk): Promise<number> {
  const session = http2.connect(controller, { ca });
  try {
    const headers = { ':method': 'POST', ':path': '/v1/snapshots', authorization: `Bearer ${token}` };
    const stream = session.request(headers, { endStream: false });
    const hello = { version: null, order: null, serving: false, build: 'e2e', instance: 'somebody' };
    stream.write(messageLine({ type: 'hello', protocol: protocolNumber, gateway, ...hello }));
    const signal = AbortSignal.timeout(10_000);
    const [answer] = (await once(stream, 'response', { signal })) as [http2.IncomingHttpHeaders];
    return answer[':status'] as unknown as number;
  } finally {
    session.destroy();
  }
}
