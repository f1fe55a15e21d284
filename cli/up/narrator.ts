// Turns what a standalone run reports into what a person reads, in the order that a person can follow: first how all
// objects are, once they have settled, and then what changes.
import type { FolderReport } from '#controller/files/folder-source.ts';
import { bindProblem } from '#controller/translate/bind-problem.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { DesiredStatus, Notice } from '#controller/translate/translation.ts';
import type { OverloadLevel } from '#dataplane/listen/overload-guard.ts';
import type { DataPlaneEvent } from '#dataplane/plane.ts';
import { hasConditions, titleOf } from '../state-lines.ts';
import type { Screen } from './screen.ts';
import { portWord } from '#snapshot/port-key.ts';
import type { StandaloneReport } from './standalone.ts';

export interface NarratorOptions {
  readonly screen: Screen;
  /** How long objects may take to settle before they are told as they are. */
  readonly settleMs: number;
  /** When states have been told: first all of them, once they have settled, then what changes. */
  readonly told: (statuses: readonly DesiredStatus[], objects: ObjectReader) => void;
}

/** One a run. `stop` is for a run that did not start. */
export class Narrator implements StandaloneReport {
  readonly #options: NarratorOptions;
  readonly #timer: NodeJS.Timeout;
  /** What data planes have told. */
  readonly #told = new Set<string>();
  /** What the notices of the last translation tell; one that comes again is told again. */
  #noticed: ReadonlySet<string> = new Set();
  #statuses: readonly [statuses: readonly DesiredStatus[], objects: ObjectReader] | null = null;
  #notices: readonly Notice[] = [];
  #settled = false;

  constructor(options: NarratorOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => this.#settle(), options.settleMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly folder = (report: FolderReport): void => this.#options.screen.folder(report);

  readonly statuses = (statuses: readonly DesiredStatus[], objects: ObjectReader): void => {
    this.#statuses = [statuses, objects];
  };

  /** They end what is told of a translation. Closed routes and ports that cannot be opened are told already. */
  readonly notices = (notices: readonly Notice[]): void => {
    this.#notices = notices;
    // A Gateway whose ports are all taken is pending for as long as they are.
    const isSettled =
      this.#statuses?.[0].every((one) => hasSettled(one)) === true ||
      notices.some(({ reason }) => reason === 'PortUnavailable');
    if (this.#settled) this.#tell();
    else if (isSettled) this.#settle();
    const told = notices.filter(
      ({ object, reason }) => reason !== 'Closed' && reason !== 'PortUnavailable' && hasConditions(object),
    );
    const before = this.#noticed;
    this.#noticed = new Set(told.map(({ object, message }) => keyOf(`${titleOf(object)}: ${message}`)));
    for (const { object, message } of told) this.#problemOnce(`${titleOf(object)}: ${message}`, before);
  };

  readonly keys = (problem: string): void => {
    this.#options.screen.problem(
      `keys cannot be fetched: ${problem} (tried again; keys that were fetched before hold)`,
    );
  };

  readonly dataPlane = (gateway: string, event: DataPlaneEvent): void => {
    const { screen } = this.#options;
    if ('client' in event) {
      screen.problem(`Gateway ${gateway}: ${keptOutWords(event)}`);
      return;
    }
    if ('available' in event) {
      // what data planes remember together is in the store, which says the same
      if (event.kind !== 'SharedMemory') this.#availability(gateway, event);
      return;
    }
    switch (event.kind) {
      case 'PortUnavailable':
        screen.problem(
          `Gateway ${gateway}: port ${portWord({ ...event, port: event.bindPort })} cannot be opened: ${portWords(event.code, event.message)}`,
        );
        break;
      case 'PortAvailable':
        screen.say(`Gateway ${gateway}: port ${portWord(event)} is open`);
        break;
      case 'Overload':
        this.#overload(gateway, event.level);
        break;
      case 'RateLimitStoreEvicts':
        screen.problem(
          `Gateway ${gateway}: its Redis forgets counts when it is full: set its maxmemory-policy to noeviction, not ${event.policy}`,
        );
        break;
      case 'NotApplied':
        screen.problem(
          `Gateway ${gateway}: a change could not be served, what was before stays: ${String(event.problem)}`,
        );
        break;
      case 'Applied':
        for (const { id, reason } of event.refused) {
          const text = `Gateway ${gateway}: A data plane has refused ${id}: ${reason}.`;
          this.#problemOnce(text, this.#noticed);
          this.#told.add(keyOf(text));
        }
        break;
      case 'Connected':
      case 'Disconnected':
      case 'Behind':
      case 'Loaded':
      case 'LastGoodUnreadable':
      case 'SaveFailed':
      case 'Saved':
        break;
      default:
        event satisfies never;
    }
  };

  #overload(gateway: string, level: OverloadLevel): void {
    const { screen } = this.#options;
    if (level === 'None') screen.say(`Gateway ${gateway}: it keeps up again`);
    else screen.problem(`Gateway ${gateway}: there is more to do than it can: ${level}`);
  }

  #availability(gateway: string, event: AvailabilityEvent): void {
    const { screen } = this.#options;
    const [what, well, ill, note] = availabilityWords(event);
    if (event.available) screen.say(`Gateway ${gateway}: ${what} ${well}`);
    else screen.problem(`Gateway ${gateway}: ${what} ${ill}: ${event.reason} (${note})`);
  }

  #settle(): void {
    if (this.#settled || this.#statuses === null) return;
    this.#settled = true;
    this.stop();
    this.#tell();
  }

  #tell(): void {
    if (this.#statuses === null) return;
    const [statuses, objects] = this.#statuses;
    this.#options.screen.statuses(statuses, objects, this.#notices);
    this.#options.told(statuses, objects);
  }

  /** `noticed`: what else is known already. */
  #problemOnce(text: string, noticed: ReadonlySet<string>): void {
    const key = keyOf(text);
    if (!this.#told.has(key) && !noticed.has(key)) this.#options.screen.problem(text);
  }
}

/** The same is told of a Gateway by its data plane and by its status. */
function keyOf(text: string): string {
  return text.replace(/^Gateway [^:]+: /, '');
}

type AvailabilityEvent = Extract<
  DataPlaneEvent,
  { readonly kind: 'RevocationList' | 'RateLimitStore' | 'UsageJournal' | 'UsageEvents' }
>;

/** What it is, what it does while it is there and does not do while it is away, and what holds meanwhile. */
function availabilityWords(event: AvailabilityEvent): readonly [string, string, string, string] {
  switch (event.kind) {
    case 'RevocationList':
      return [
        `the list of revoked tokens ${event.list}`,
        'is read',
        'cannot be read',
        'what is known of it holds for maxStale',
      ];
    case 'RateLimitStore':
      return [
        'the rate-limit store',
        'answers',
        'does not answer',
        'policies say what holds meanwhile; start it, or correct its address in the Secret',
      ];
    case 'UsageJournal':
      return [
        'the journal of usage',
        'is written again',
        'cannot be written',
        'it is tried again, and has all then; make room, or name another folder with --usage-journal',
      ];
    case 'UsageEvents':
      return [
        'whoever is told of usage',
        'takes it again',
        'does not take it',
        'it is told later; look at the address of --usage-events and at what is there',
      ];
    default:
      return event satisfies never;
  }
}

/** Whether nothing more is expected of it soon: a Gateway waits for its data plane, all else says what it is. */
function hasSettled({ status }: DesiredStatus): boolean {
  if (status.kind === 'Gateway' || status.kind === 'ListenerSet') {
    return !status.conditions.some(
      ({ type, reason }) =>
        type === 'Programmed' && (reason === 'Pending' || reason === 'ParentNotProgrammed'),
    );
  }
  return status.kind !== 'Policy' || !status.conditions.some(({ reason }) => reason === 'Reconciling');
}

function portWords(code: string, message: string): string {
  const { what, remedy } = bindProblem(code, message);
  return `${what} (${remedy}; tried again every second)`;
}

function keptOutWords(event: Extract<DataPlaneEvent, { readonly client: string }>): string {
  const { kind, client, policy } = event;
  if (kind === 'AuthenticationBlocked') {
    return `${client} brought too many bad credentials to AuthPolicy ${policy} and is blocked for ${event.blockMs / 1000} s`;
  }
  if (kind === 'AddressBanned') {
    const banned = event.mode === 'Shadow' ? 'would have banned' : 'has banned';
    return `ProtectionPolicy ${policy} ${banned} ${client} for ${event.durationMs / 1000} s (rule ${event.rule})`;
  }
  const refused = event.mode === 'Shadow' ? 'would have refused' : 'refused';
  return `ProtectionPolicy ${policy} ${refused} ${client} (${event.reason}); ${event.count} since it was told last`;
}
