// A page of docs/guides, followed word by word: what it tells to type is typed, what it shows must be shown.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { outputOf } from '../cluster/command.ts';

const root = path.join(import.meta.dirname, '../..');
const mark = '=== the next step of the guide';

/** What to type, and the lines that must be among what is shown then (spaces count as one). */
interface Step {
  readonly commands: string;
  readonly shown: readonly string[];
  readonly needsPods: boolean;
}

/** How a page is followed. */
export interface GuideOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Folders of programs, searched first. */
  readonly programs: readonly string[];
  /** Whether there are nodes: steps after `<!-- needs pods -->` are left out when there are none. */
  readonly pods: 'Run' | 'None';
  /** Shell that is run before the first step. */
  readonly prelude?: string;
  readonly deadlineMs?: number;
  /** Where the shell stands; default: in the project. */
  readonly folder?: string;
}

function stepsOf(page: string): readonly Step[] {
  const blocks = [...page.matchAll(/^(<!-- needs pods -->\n)?```(sh|text)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, pods, kind, commands = ''], index) => {
    const next = blocks[index + 1];
    const shown = next?.[2] === 'text' ? (next[3] ?? '') : '';
    const lines = shown.split('\n').filter((line) => line !== '');
    return kind === 'sh' ? [{ commands, shown: lines, needsPods: pods !== undefined }] : [];
  });
}

/** The commands of the steps of docs/guides/`name` that need pods. */
export async function podCommands(name: string): Promise<readonly string[]> {
  const steps = stepsOf(await readFile(path.join(root, 'docs/guides', name), 'utf8'));
  return steps.filter(({ needsPods }) => needsPods).map(({ commands }) => commands);
}

function plain(text: string): string {
  return text.replaceAll(/ +/g, ' ');
}

/** Follows docs/guides/`name` in one shell; resolves with the number of steps. */
export async function followGuide(name: string, options: GuideOptions): Promise<number> {
  const all = stepsOf(await readFile(path.join(root, 'docs/guides', name), 'utf8'));
  const steps = all.filter(({ needsPods }) => options.pods === 'Run' || !needsPods);
  assert.ok(steps.length > 5);
  const script = [
    'set -eu',
    options.prelude ?? '',
    ...steps.map(({ commands }) => `echo '${mark}'\n${commands}`),
  ];
  const output = await outputOf('sh', ['-c', script.join('\n')], {
    cwd: options.folder ?? root,
    env: { ...options.env, PATH: [...options.programs, process.env['PATH'] ?? ''].join(':') },
    deadlineMs: options.deadlineMs ?? 240_000,
  });
  const shown = output.split(`${mark}\n`).slice(1);
  for (const [index, step] of steps.entries()) {
    for (const line of step.shown) {
      const found = plain(shown[index] ?? '');
      assert.ok(found.includes(plain(line)), `not shown: ${line}\nbut: ${found}`);
    }
  }
  return steps.length;
}
