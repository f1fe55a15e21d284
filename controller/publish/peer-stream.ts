import { peerMessage } from '#snapshot/message.ts';
import type { ObservationTable } from './observation-table.ts';
import { PublishError } from './publish-error.ts';

interface PeerStreamOptions {
  readonly table: ObservationTable;
  readonly recordsMax: number;
  readonly onMissingKey: (keySet: string, kid: string) => void;
  readonly onToken: (token: string) => void;
}

/** A replica that follows, as the leader hears it after its hello. */
export class PeerStream {
  readonly #source: string;
  readonly #options: PeerStreamOptions;

  constructor(source: string, options: PeerStreamOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Takes a line; throws when it says what a peer may not say. */
  take(line: string): void {
    const message = peerMessage(line);
    const { table, recordsMax } = this.#options;
    if (message === null) return;
    switch (message.type) {
      case 'dataPlane': {
        if (table.count(this.#source) >= recordsMax)
          throw new PublishError('TooMuch', 'a replica tells of too many data planes');
        const { gateway, instance, version, refused, unbound, near } = message;
        const record = { gateway, instance, version, refused, unbound, near };
        return table.set(this.#source, message.connection, record);
      }
      case 'gone':
        return table.delete(this.#source, message.connection);
      case 'missingKey':
        return this.#options.onMissingKey(message.keySet, message.kid);
      case 'token':
        return this.#options.onToken(message.token);
      case 'peer':
        throw new PublishError('Unexpected', 'a second hello');
      default:
        message satisfies never;
    }
  }
}
