// What a person sees of a standalone run: the state of all objects at the start, and then what changes.
import { styleText } from 'node:util';
import type { FolderReport } from '#controller/files/folder-source.ts';
import type { FileProblem } from '#controller/files/manifest.ts';
import type { DesiredStatus } from '#controller/translate/translation.ts';
import { stateLines } from '../state-lines.ts';
import type { StateLine } from '../state-lines.ts';

export interface ScreenOptions {
  readonly print: (line: string) => void;
  readonly output: 'Full' | 'Quiet';
}

/** One line for a problem in a file: file, line, object, field, what is wrong, what to do. */
export function problemLine({ file, line, object, field, message, remedy }: FileProblem): string {
  const place = line === null ? file : `${file}:${line}`;
  const what = [object, field].filter((part) => part !== null).join(' ');
  return `${place}: ${what === '' ? '' : `${what}: `}${message} (${remedy})`;
}

/** Prints what is new; the same state twice is printed once. */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #shown = new Map<string, string>();

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  folder({ changes, fresh }: FolderReport): void {
    if (this.#shown.size > 0) {
      for (const { type, kind, namespace, name, file } of changes) {
        this.#say(
          `${type.toLowerCase()} ${kind} ${namespace === '' ? '' : `${namespace}/`}${name} (${file})`,
        );
      }
    }
    for (const problem of fresh) this.problem(problemLine(problem));
  }

  /** States that are new or have changed. Names that are gone are forgotten. */
  statuses(statuses: readonly DesiredStatus[]): void {
    const lines = stateLines(statuses);
    for (const line of lines) {
      const text = [line.state, ...line.details].join('\n');
      if (this.#shown.get(line.object) === text) continue;
      this.#shown.set(line.object, text);
      this.#state(line);
    }
    const present = new Set(lines.map(({ object }) => object));
    for (const object of this.#shown.keys()) {
      if (!present.has(object)) this.#shown.delete(object);
    }
  }

  problem(text: string): void {
    this.#options.print(`${styleText('red', 'problem')} ${text}`);
  }

  say(text: string): void {
    this.#say(text);
  }

  #state({ ok, object, state, details }: StateLine): void {
    if (ok) this.#say(`${styleText('green', '●')} ${object}: ${state}`);
    else this.#options.print(`${styleText('yellow', '●')} ${object}: ${state}`);
    for (const detail of details) this.#options.print(`    ${detail}`);
  }

  #say(text: string): void {
    if (this.#options.output === 'Full') this.#options.print(text);
  }
}
