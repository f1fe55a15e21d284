// docs/reference/options.md, from what each program prints for --help.
import { controllerHelp } from '#controller/usage.ts';
import { dataPlaneHelp } from '#dataplane/usage.ts';
import { banHelp, checkHelp, keyHelp, turnpikeHelp, upHelp, usageHelp } from './usage.ts';

/** One line of a help's table, its continuations joined: an option or command, and what it means. */
export interface Told {
  /** As it is typed: `--name VALUE`. */
  readonly term: string;
  readonly meaning: string;
}

/** Whether a program also reads its options from environment variables. */
type Environment = 'Read' | 'NotRead';

const programs: readonly (readonly [title: string, help: string, environment: Environment])[] = [
  ['The controller', controllerHelp, 'Read'],
  ['The data plane', dataPlaneHelp, 'Read'],
  ['turnpike', turnpikeHelp, 'NotRead'],
  ['turnpike up', upHelp, 'NotRead'],
  ['turnpike check', checkHelp, 'NotRead'],
  ['turnpike key', keyHelp, 'NotRead'],
  ['turnpike usage', usageHelp, 'NotRead'],
  ['turnpike ban', banHelp, 'NotRead'],
];

/** An option with its value, if it has one, or a command; then its meaning. */
const row = /^ {2}(--[a-z-]+(?:, --[a-z-]+)?(?: [A-Z][A-Z:/]*)?|[a-z]+) +(\S.*)$/;

/** The lines of a help's table in their order: those indented by two spaces, with what is indented more below them. */
export function toldBy(help: string): readonly Told[] {
  const found: { term: string; meaning: string }[] = [];
  for (const line of help.split('\n')) {
    const [, term, meaning] = row.exec(line) ?? [];
    const last = found.at(-1);
    if (term !== undefined && meaning !== undefined) found.push({ term, meaning });
    else if (last !== undefined && line.startsWith('   ')) last.meaning += ` ${line.trim()}`;
  }
  return found;
}

/** The variable of `--some-name VALUE`: TURNPIKE_SOME_NAME. */
export function variableOf(term: string): string {
  const [, name = ''] = /^--([a-z-]+)/.exec(term) ?? [];
  return `TURNPIKE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The page, in Markdown. */
export function optionsPage(): string {
  const sections = programs.map(([title, help, environment]) => section(title, help, environment));
  return (
    '# Options of the processes\n\n' +
    '<!-- Made from controller/usage.ts, dataplane/usage.ts and cli/usage.ts by npm run generate: change it there. -->\n\n' +
    'What each program prints for `--help`. On a cluster the chart and the controller start the planes: ' +
    "there [the chart's values](helm-values.md) and [GatewayParameters](gatewayparameters.md) are what to set.\n\n" +
    `${sections.join('\n\n')}\n`
  );
}

function section(title: string, help: string, environment: Environment): string {
  const blocks = help.trimEnd().split('\n\n');
  const shown = blocks.map((block) => {
    if (block.startsWith('usage: ')) return `\`\`\`text\n${block.slice('usage: '.length)}\n\`\`\``;
    return block.startsWith('  ') ? table(toldBy(block), environment) : prose(block.replaceAll('\n', ' '));
  });
  return [`## ${title}`, ...shown].join('\n\n');
}

function table(told: readonly Told[], environment: Environment): string {
  const what = told.some(({ term }) => term.startsWith('--')) ? 'Option' : 'Command';
  if (environment === 'NotRead') {
    const rows = told.map(({ term, meaning }) => `| \`${term}\` | ${prose(meaning)} |`);
    return [`| ${what} | Meaning |`, '|---|---|', ...rows].join('\n');
  }
  const rows = told.map(
    ({ term, meaning }) => `| \`${term}\` | \`${variableOf(term)}\` | ${prose(meaning)} |`,
  );
  return [`| ${what} | Variable | Meaning |`, '|---|---|---|', ...rows].join('\n');
}

/** Plain words as Markdown that shows them as they are. */
function prose(text: string): string {
  return text.replaceAll(/[*|<>]/g, (sign) => `\\${sign}`);
}
