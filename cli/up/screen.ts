// What a person sees of a standalone run: the state of all objects at the start, and then what changes.
import { styleText } from 'node:util';
import type { FolderReport } from '#controller/files/folder-source.ts';
import type { FileProblem } from '#controller/files/manifest.ts';
import { otherKindsLine } from '#controller/files/other-kinds.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { DesiredStatus, Notice } from '#controller/translate/translation.ts';
import { exposedLines, noticeLines, stateLines } from '../state-lines.ts';
import type { StateLine } from '../state-lines.ts';
import { nothingServed, unclaimedLines } from '../unclaimed.ts';
import { warningLines } from '../warning-lines.ts';

export interface ScreenOptions {
  readonly print: (line: string) => void;
  readonly output: 'Full' | 'Quiet';
  readonly folders: readonly string[];
  /** The host of the addresses that are shown for listeners. */
  readonly host: string;
}

/** One line for a problem in a file: file, line, object, field, what is wrong, what to do. */
export function problemLine({ file, line, object, field, message, remedy }: FileProblem): string {
  const place = line === null ? file : `${file}:${line}`;
  const what = [object, field].filter((part) => part !== null).join(' ');
  return `${place}: ${what === '' ? '' : `${what}: `}${message}${remedy === '' ? '' : ` (${remedy})`}`;
}

/** Prints what is new; the same state twice is printed once. Colours only where a terminal shows them. */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #shown = new Map<string, string>();
  #problems: readonly FileProblem[] = [];
  #nothing: string | null = null;
  #passedOver: string | null = null;
  #seen: { readonly objects: ObjectReader; readonly statuses: readonly DesiredStatus[] } | null = null;
  #warned: readonly string[] = [];

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** What a scan of the folders brought: changes (not those of the first scan) and new problems. */
  folder({ changes, fresh, problems, others }: FolderReport): void {
    const mended = this.#problems.filter(
      (before) => !problems.some((now) => problemLine(now) === problemLine(before)),
    );
    this.#problems = problems;
    if (this.#seen !== null) {
      for (const { type, kind, namespace, name, file } of changes) {
        const place = file === '' ? '' : ` (${file})`;
        this.say(`${type.toLowerCase()} ${kind} ${namespace === '' ? '' : `${namespace}/`}${name}${place}`);
      }
      if (mended.length > 0 && problems.length === 0) this.say('no problems in files any more');
    }
    for (const problem of fresh) this.problem(problemLine(problem));
    const passedOver = otherKindsLine(others);
    if (passedOver !== null && passedOver !== this.#passedOver) this.say(passedOver);
    this.#passedOver = passedOver;
    // An EndpointSlice changes no status, and a Ban has none.
    this.#warn();
  }

  /** States that are new or have changed. Names that are gone are forgotten. */
  statuses(statuses: readonly DesiredStatus[], objects: ObjectReader, notices: readonly Notice[]): void {
    const { host, folders } = this.#options;
    const noticed = noticeLines(notices);
    const lines = [
      ...stateLines(statuses, { objects, host, problems: [] }).filter(
        ({ object }) => !noticed.some((one) => one.object === object),
      ),
      ...unclaimedLines(objects, statuses),
      ...noticed,
      ...exposedLines(objects, notices),
    ];
    for (const line of lines) {
      const text = [line.state, ...line.facts, ...line.details].join('\n');
      if (this.#shown.get(line.object) === text) continue;
      this.#shown.set(line.object, text);
      this.#state(line);
    }
    const present = new Set(lines.map(({ object }) => object));
    for (const object of this.#shown.keys()) {
      if (!present.has(object)) this.#shown.delete(object);
    }
    const nothing = nothingServed(objects, statuses, folders);
    if (nothing !== null && nothing !== this.#nothing) this.problem(nothing);
    this.#nothing = nothing;
    this.#seen = { objects, statuses };
    this.#warn();
  }

  /** Printed whatever the output. */
  problem(text: string): void {
    this.#options.print(`${styleText('red', 'problem')} ${text}`);
  }

  /** Printed unless the output is quiet. */
  say(text: string): void {
    if (this.#options.output === 'Full') this.#options.print(text);
  }

  #warn(): void {
    if (this.#seen === null) return;
    const lines = warningLines(this.#seen.objects, this.#seen.statuses);
    for (const line of lines) {
      if (this.#warned.includes(line)) continue;
      this.#options.print(`${styleText('yellow', 'warning')} ${line}`);
    }
    this.#warned = lines;
  }

  #state({ ok, object, state, facts, details }: StateLine): void {
    if (ok) this.say(`${styleText('green', '●')} ${object}: ${state}`);
    else this.#options.print(`${styleText('yellow', '●')} ${object}: ${state}`);
    for (const fact of facts) this.say(`    ${fact}`);
    for (const detail of details) this.#options.print(`    ${detail}`);
  }
}
