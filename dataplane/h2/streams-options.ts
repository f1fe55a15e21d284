import type { H2Fault } from './error-code.ts';
import type { FloodGuard } from './flood.ts';
import type { Outflow, ReceiveWindow } from './flow.ts';
import type { HeaderBlockReader, RequestBlock } from './header-block.ts';
import type { H2Stream, StreamEvents } from './stream.ts';
import type { WastedStreams } from './wasted-streams.ts';

/** What streams may take. Octets and counts. */
export interface StreamsSettings {
  readonly streamsMax: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
}

/** What streams need of their connection. */
export interface StreamsParts {
  readonly outflow: Outflow;
  /** What may come on the connection. */
  readonly incoming: ReceiveWindow;
  readonly guard: FloodGuard;
  readonly blocks: HeaderBlockReader;
  /** Null: what is given up is reset at once. */
  readonly wasted: WastedStreams | null;
  readonly session: {
    /** The connection is beyond help. */
    fail(fault: H2Fault): void;
  };
}

/** Who is told of streams that the peer opens. */
export interface StreamsHost {
  /**
   * Server role: a request, or that there is one whose fields are too many. Who hears of the stream; null refuses it
   * (REFUSED_STREAM). `ended`: it has no content, and no `streamEnd` follows.
   */
  streamOpened(stream: H2Stream, head: RequestBlock | 'TooLarge', ended: boolean): StreamEvents | null;
  /** Server role: a request that was malformed (RFC 9113 section 8.1.1) and has been reset. */
  streamRejected(detail: string): void;
  /** No stream is open any more. */
  lastStreamClosed(): void;
}
