// The second half of `npm run generate`: writes what the chart has from elsewhere. Same sources, same bytes; a test
// keeps them in step.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { writeFiles } from '#crds/generate.ts';
import { dashboards, grafanaDashboard } from './dashboards.ts';
import { valuesJsonSchema } from './json-schema.ts';
import { rightsTable, valuesTable, valuesYaml } from './pages.ts';
import type { Rights } from './pages.ts';

const root = path.join(import.meta.dirname, '..');
const chart = 'charts/turnpike';
const made = 'Made from charts/ by npm run generate: change it there.';

function toYaml(value: unknown): string {
  // YAML 1.1 is what helm reads: words that are booleans there get quotes.
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1', singleQuote: true });
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** rights.yaml, parsed. */
export function chartRights(): Rights {
  return parse(readFileSync(path.join(root, chart, 'rights.yaml'), 'utf8')) as Rights;
}

/** The page with what stands between its marks `<!-- NAME: ... -->` and `<!-- end -->` replaced by `tables[NAME]`. */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return page.replaceAll(
    /(<!-- (\w+): [^\n]*-->\n)[^]*?(<!-- end -->)/g,
    (all, start: string, name: string, end: string) => {
      const table = tables[name];
      return table === undefined ? all : `${start}\n${table}\n\n${end}`;
    },
  );
}

/** The files by their path from the project's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const schema = valuesJsonSchema();
  const values = valuesTable(schema);
  const readme = readFileSync(path.join(root, chart, 'README.md'), 'utf8');
  return new Map([
    [`${chart}/values.schema.json`, toJson(schema)],
    [`${chart}/values.yaml`, `# ${made}\n\n${valuesYaml(schema, toYaml)}`],
    [`${chart}/README.md`, withTables(readme, { values, rights: rightsTable(chartRights()) })],
    [
      'docs/reference/helm-values.md',
      `# Values of the Helm chart\n\n<!-- ${made} -->\n\n` +
        `What \`helm install turnpike charts/turnpike\` can be told by \`--set\` or \`--values\`. An unknown value is refused. How to install: [the guide](../guides/install.md).\n\n${values}\n`,
    ],
    ...dashboards.map(
      (one) => [`${chart}/dashboards/${one.uid}.json`, toJson(grafanaDashboard(one))] as const,
    ),
  ]);
}

if (import.meta.main) writeFiles(generatedFiles());
