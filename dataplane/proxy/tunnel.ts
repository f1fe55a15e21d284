import type { Deadlines, Timed } from './deadlines.ts';
import type { Channel, ChannelEvents } from '#dataplane/http/channel.ts';

/** What moved through a tunnel, when it is over. */
export interface TunnelTotals {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** How long a tunnel may be silent. */
export interface TunnelTimes {
  /** 0: for ever. */
  readonly tunnelIdleTimeoutMs: number;
  /** The same once one side has ended: then only the other one is waited for, as for a last answer. */
  readonly halfClosedTimeoutMs: number;
}

/**
 * Joins two channels: octets both ways with back-pressure, each side's end passed on alone (half-close), a break of
 * one side passed on as a break, and an end to both when nothing has moved for as long as {@link TunnelTimes} say.
 */
export class Tunnel implements Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  next: Timed | null = null;
  previous: Timed | null = null;

  readonly #client: TunnelSide;
  readonly #backend: TunnelSide;
  readonly #deadlines: Deadlines;
  readonly #times: TunnelTimes;
  readonly #now: () => number;
  readonly #closed: (totals: TunnelTotals) => void;
  #movedMs: number;
  #open = true;

  /** `closed` is called once, when one of the channels is gone. */
  constructor(
    channels: { readonly client: Channel; readonly backend: Channel },
    watch: { readonly deadlines: Deadlines; readonly times: TunnelTimes; readonly now: () => number },
    closed: (totals: TunnelTotals) => void,
  ) {
    this.#deadlines = watch.deadlines;
    this.#times = watch.times;
    this.#now = watch.now;
    this.#closed = closed;
    this.#movedMs = this.#now();
    const { client, backend } = channels;
    this.#client = new TunnelSide(this, client, backend);
    this.#backend = new TunnelSide(this, backend, client);
  }

  /** Opens both channels. Once. */
  start(): void {
    this.#watch();
    this.#client.channel.open(this.#client);
    this.#backend.channel.open(this.#backend);
  }

  /** Something has come from one of the sides. */
  moved(): void {
    this.#movedMs = this.#now();
  }

  /** One side sends no more. */
  halfClosed(): void {
    this.moved();
    // what closes has its time already
    if (!this.#open) return;
    this.#deadlines.remove(this);
    this.#watch();
  }

  /** Ends both sides. */
  close(): void {
    this.#end((channel) => channel.close());
  }

  /** A side is no more. One that has not ended has broken: the other must not take what it got for all there was. */
  gone(side: TunnelSide): void {
    this.#end((channel) => {
      if (side.isEnded) channel.close();
      else channel.abort();
    });
    if (this.#client.isClosed && this.#backend.isClosed) this.#deadlines.remove(this);
  }

  timeOut(): void {
    if (!this.#open) {
      this.#client.channel.reset();
      this.#backend.channel.reset();
      return;
    }
    const idleMs = this.#now() - this.#movedMs;
    if (idleMs >= this.#idleMsMax) this.close();
    else this.#watch();
  }

  /** What is still on its way to a side that is there is let out, if that side takes it in time. */
  #end(close: (channel: Channel) => void): void {
    if (!this.#open) return;
    this.#open = false;
    this.#deadlines.remove(this);
    this.deadlineMs = this.#now() + closingMs;
    this.#deadlines.add(this);
    for (const { isClosed, channel } of [this.#client, this.#backend]) if (!isClosed) close(channel);
    this.#closed({ bytesIn: this.#client.bytes, bytesOut: this.#backend.bytes });
  }

  get #idleMsMax(): number {
    const { tunnelIdleTimeoutMs, halfClosedTimeoutMs } = this.#times;
    const idleMs = tunnelIdleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : tunnelIdleTimeoutMs;
    const isHalfClosed = this.#client.isEnded || this.#backend.isEnded;
    return isHalfClosed ? Math.min(idleMs, halfClosedTimeoutMs) : idleMs;
  }

  #watch(): void {
    if (!this.#open || this.#idleMsMax === Number.POSITIVE_INFINITY) return;
    this.deadlineMs = this.#movedMs + this.#idleMsMax;
    this.#deadlines.add(this);
  }
}

/** What comes from one channel goes to the other. */
class TunnelSide implements ChannelEvents {
  readonly channel: Channel;
  /** Octets that came. */
  bytes = 0;
  isEnded = false;
  isClosed = false;
  readonly #tunnel: Tunnel;
  readonly #other: Channel;

  constructor(tunnel: Tunnel, channel: Channel, other: Channel) {
    this.#tunnel = tunnel;
    this.channel = channel;
    this.#other = other;
  }

  channelData(data: Buffer): void {
    this.bytes += data.length;
    this.#tunnel.moved();
    if (!this.#other.write(data)) this.channel.pause();
  }

  channelEnd(): void {
    this.isEnded = true;
    this.#other.end();
    this.#tunnel.halfClosed();
  }

  channelReady(): void {
    this.#other.resume();
  }

  channelClosed(): void {
    this.isClosed = true;
    this.#tunnel.gone(this);
  }
}

/** How long a side that has not broken may take for what is on its way to it. */
const closingMs = 5_000;
