import { portKey, type PortKey } from '#snapshot/port-key.ts';
import type { OpenPort, PortProblem } from './listeners.ts';

/** What became of a port that could not be opened at first. */
export type PortNews =
  | ({ readonly kind: 'PortUnavailable' } & PortProblem)
  | ({ readonly kind: 'PortAvailable' } & OpenPort);

/** Remembers the ports that cannot be opened: each is news once, although it is tried again and again. */
export class UnboundPorts {
  readonly #news: (news: PortNews) => void;
  readonly #changed: (unbound: readonly PortProblem[]) => void;
  readonly #problems = new Map<PortKey, PortProblem>();

  /** `changed` takes all of them after each change, in order of port. */
  constructor(news: (news: PortNews) => void, changed: (unbound: readonly PortProblem[]) => void) {
    this.#news = news;
    this.#changed = changed;
  }

  /** It could not be opened. */
  failed(problem: PortProblem): void {
    const before = this.#problems.get(portKey(problem));
    if (before?.code === problem.code && before.message === problem.message) return;
    this.#problems.set(portKey(problem), problem);
    this.#news({ kind: 'PortUnavailable', ...problem });
    this.#tell();
  }

  /** It is open. */
  opened(port: OpenPort): void {
    if (!this.#problems.delete(portKey(port))) return;
    this.#news({ kind: 'PortAvailable', ...port });
    this.#tell();
  }

  /** Forgets those that are not wanted any more: a new failure of them is news. */
  keep(isWanted: (port: OpenPort) => boolean): void {
    const gone = [...this.#problems].filter(([, problem]) => !isWanted(problem));
    for (const [key] of gone) this.#problems.delete(key);
    if (gone.length > 0) this.#tell();
  }

  #tell(): void {
    this.#changed([...this.#problems.values()].sort((a, b) => a.port - b.port));
  }
}
