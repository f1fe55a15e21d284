import type { Duplex } from 'node:stream';
import type { GatewayKey } from '#snapshot/ids.ts';
import { type DataPlaneMessage, type Hello, type MissingKey, messageLine } from '#snapshot/message.ts';
import { advanced, isOlder } from '#snapshot/order.ts';
import type { Order } from '#snapshot/snapshot.ts';
import type { PublishLimits } from './limits.ts';
import type { DataPlaneRecord } from './observation-table.ts';
import { writeLines } from './outlet.ts';
import { PublishError } from './publish-error.ts';
import type { Published } from './published.ts';

interface DataPlaneStreamOptions {
  readonly hello: Hello;
  readonly limits: Pick<PublishLimits, 'stalledMs'>;
  /** The newest of the Gateway; null: nothing has been published for it yet. */
  readonly published: () => Published | null;
  /** What is newest of it: at once, then after each of its words. */
  readonly onRecord: (record: DataPlaneRecord) => void;
  readonly onMissingKey: (message: MissingKey) => void;
  readonly onToken: (token: string) => void;
  /** Nothing more can be sent. */
  readonly onFailure: (reason: string) => void;
}

/**
 * One data plane after its hello. What is sent is decided when the stream can take it, from what was sent last to
 * what is newest then: however slow the data plane, one state waits for it at most.
 */
export class DataPlaneStream {
  readonly gateway: GatewayKey;
  readonly #stream: Duplex;
  readonly #options: DataPlaneStreamOptions;
  /** What the data plane has, or will have once it has read what was written. */
  #version: string | null;
  /** What it must not fall behind: all it has been told, here or elsewhere. */
  #order: Order | null;
  #record: DataPlaneRecord;
  #greeted = false;
  #behindTold = false;
  #sending = false;

  constructor(stream: Duplex, options: DataPlaneStreamOptions) {
    const { hello } = options;
    this.gateway = hello.gateway;
    this.#stream = stream;
    this.#options = options;
    this.#version = hello.version;
    this.#order = hello.order;
    const { gateway, instance } = hello;
    const version = hello.serving ? hello.version : null;
    this.#record = { gateway, instance, version, refused: [], unbound: [], near: [] };
    options.onRecord(this.#record);
  }

  /** Looks whether there is something to send, and sends it if the stream is free: the first slice at once. */
  wake(): void {
    if (!this.#sending) void this.#send();
  }

  /** Takes what the data plane said. */
  take(message: Exclude<DataPlaneMessage, Hello>): void {
    switch (message.type) {
      case 'ack':
        return this.#tell({ version: message.version, refused: message.refused });
      case 'ports':
        return this.#tell({ unbound: message.unbound });
      case 'quotas':
        return this.#tell({ near: message.near });
      case 'missingKey':
        return this.#options.onMissingKey(message);
      case 'token':
        return this.#options.onToken(message.token);
      case 'resync':
        this.#version = null;
        this.#order = message.order ?? this.#order;
        this.#greeted = false;
        return this.wake();
      default:
        message satisfies never;
    }
  }

  #tell(news: Partial<DataPlaneRecord>): void {
    this.#record = { ...this.#record, ...news };
    this.#options.onRecord(this.#record);
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      for (let lines = this.#next(); lines !== null; lines = this.#next()) {
        await writeLines(this.#stream, lines, this.#options.limits.stalledMs);
      }
      this.#sending = false;
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      // The stream is done for; it stays marked as sending so that nobody tries again.
      this.#options.onFailure(error.message);
    }
  }

  #next(): Iterable<string> | null {
    const published = this.#options.published();
    if (published === null) return null;
    const { version, order } = published;
    const same = version === this.#version;
    const behind = this.#order !== null && isOlder(order, this.#order);
    if (behind && !same) return this.#behind(order);
    this.#behindTold = false;
    const risen = advanced(this.#order, order);
    if (same && risen === this.#order && this.#greeted) return null;
    this.#greeted = true;
    const { lines } = published.planFrom(this.#version);
    this.#version = version;
    this.#order = risen;
    return lines;
  }

  #behind(order: Order): Iterable<string> | null {
    if (this.#behindTold) return null;
    this.#behindTold = true;
    return [messageLine({ type: 'behind', order })];
  }
}
