import { aRawClient } from './raw-client.ts';
import { frame, preface, readFrames, settings, types } from './h2-frames.ts';
import type { SeenFrame } from './h2-frames.ts';
import type { RawClient } from './raw-client.ts';

/** A connection that speaks frames made by hand. */
export interface RawH2Client extends Disposable {
  readonly raw: RawClient;
  send(...frames: readonly Buffer[]): void;
  /** What has come so far. */
  frames(): readonly SeenFrame[];
  /** Settles with the frames once `holds` of them; fails after 5 s. */
  until(holds: (frames: readonly SeenFrame[]) => boolean): Promise<readonly SeenFrame[]>;
  /** Settles once the other side has taken and looked at all that was sent. */
  settled(): Promise<void>;
}

/** Connects to a port of loopback by prior knowledge; sends the preface and these SETTINGS. */
export async function aRawH2Client(
  port: number,
  ...pairs: readonly (readonly [number, number])[]
): Promise<RawH2Client> {
  const raw = await aRawClient(port);
  const frames = (): readonly SeenFrame[] => readFrames(Buffer.from(raw.received(), 'latin1')).frames;
  const until: RawH2Client['until'] = async (holds) => {
    await raw.until(() => holds(frames()));
    return frames();
  };
  let pings = 0;
  raw.send(Buffer.concat([preface, settings(...pairs)]));
  return {
    raw,
    frames,
    until,
    send: (...sent) => raw.send(Buffer.concat(sent)),
    async settled() {
      pings += 1;
      const payload = String(pings).padStart(8, '0');
      raw.send(frame(types.ping, 0, 0, payload));
      await until((seen) =>
        seen.some((one) => one.type === types.ping && one.payload.toString() === payload),
      );
    },
    [Symbol.dispose]: () => raw[Symbol.dispose](),
  };
}
