import { type ControllerMessage, type Hello, type Ports, type Quotas, shortened } from '#snapshot/message.ts';
import type { Order } from '#snapshot/snapshot.ts';
import type { Connection } from './connection.ts';
import { pause } from './pause.ts';
import type { Serving } from './serving.ts';
import { SubscribeError } from './subscribe-error.ts';
import type { SubscribeTimings } from './timings.ts';

interface ConversationOptions {
  readonly connection: Connection;
  readonly serving: Serving;
  /** What to say first, hello and what goes with it; asked when it is said. */
  readonly greeting: () => readonly [Hello, ...(Ports | Quotas)[]];
  /** The token that the connection was opened with. */
  readonly token: string;
  readonly readToken: () => Promise<string>;
  readonly timings: SubscribeTimings;
  /** Whether there are other controllers to go to. */
  readonly alternatives: boolean;
  readonly onConnected: () => void;
  readonly onBehind: (order: Order) => void;
}

/** What is said over one connection, from hello to its end. */
export class Conversation {
  readonly #options: ConversationOptions;
  #leaving: NodeJS.Timeout | null = null;
  #resyncing = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Rejects when the connection ends, with why. */
  async run(): Promise<never> {
    const { connection, greeting, serving } = this.#options;
    const over = new AbortController();
    for (const message of greeting()) connection.send(message);
    const tokens = this.#keepToken(over.signal);
    try {
      await connection.answered();
      this.#options.onConnected();
      return await connection.receive((message) => this.#take(message));
    } finally {
      connection.end(new SubscribeError('Ended', 'over'));
      over.abort();
      this.#stay();
      serving.holdings.forgetPending();
      await tokens;
    }
  }

  /** Tells what is served now. */
  acknowledge(): void {
    const { connection, serving } = this.#options;
    if (serving.meta === null) return;
    const refused = shortened(serving.refused);
    connection.send({ type: 'ack', version: serving.meta.version, refused });
  }

  #take(message: ControllerMessage): Promise<void> | void {
    const { holdings } = this.#options.serving;
    switch (message.type) {
      case 'put':
        return holdings.put(message);
      case 'remove':
        return holdings.remove(message.id);
      case 'commit':
        return this.#commit(message);
      case 'behind':
        return this.#behind(message.order);
      default:
        message satisfies never;
    }
  }

  async #commit(commit: Extract<ControllerMessage, { type: 'commit' }>): Promise<void> {
    const { connection, serving } = this.#options;
    const taken = await serving.take(commit);
    switch (taken) {
      case 'Served':
        this.#resyncing = false;
        this.#stay();
        return this.acknowledge();
      case 'Older':
        connection.send({ type: 'resync', order: serving.holdings.order });
        return this.#behind(commit.order);
      case 'Mismatch':
        // Deltas that were under way when everything was asked for do not fit either.
        if (!this.#resyncing) connection.send({ type: 'resync', order: serving.holdings.order });
        this.#resyncing = true;
        return;
      case 'Broken':
        throw new SubscribeError(
          'Broken',
          `the snapshot is not of the version ${commit.version} it is said to be`,
        );
      default:
        taken satisfies never;
    }
  }

  #behind(order: Order): void {
    this.#options.onBehind(order);
    if (this.#leaving !== null || !this.#options.alternatives) return;
    this.#leaving = setTimeout(() => {
      this.#options.connection.end(new SubscribeError('Behind', 'the controller has seen less than we have'));
    }, this.#options.timings.behindMs);
  }

  #stay(): void {
    if (this.#leaving !== null) clearTimeout(this.#leaving);
    this.#leaving = null;
  }

  async #keepToken(over: AbortSignal): Promise<void> {
    const { connection, readToken, timings } = this.#options;
    let told = this.#options.token;
    while (!over.aborted) {
      await pause(timings.tokenEveryMs, over);
      if (over.aborted) return;
      // A token that cannot be read now is read again later; when it never can, the stream ends at its expiry.
      const token = await readToken().catch(() => told);
      if (token === told) continue;
      told = token;
      connection.send({ type: 'token', token: token.trim() });
    }
  }
}
