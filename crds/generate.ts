// `npm run generate`: writes what is made from the schemas. Same schemas, same bytes; a test keeps them in step.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { customResourceDefinition, ownKinds, type OwnKind } from './definition.ts';
import { kinds } from './kind.ts';
import { referencePage } from './reference-page.ts';

const root = path.join(import.meta.dirname, '..');

function toYaml(value: unknown): string {
  // YAML 1.1 is what kubectl reads: words that are booleans there get quotes.
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' });
}

/** The definition with the version it came with, by which the chart sees that the cluster's is older. */
function versioned(kind: OwnKind): Readonly<Record<string, unknown>> {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const definition = customResourceDefinition(kind);
  const annotations = { 'turnpike.dev/bundle-version': version };
  return { ...definition, metadata: { ...(definition['metadata'] as object), annotations } };
}

/** The files by their path from the project's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const kind of ownKinds) {
    const { group, plural } = kinds[kind];
    // helm show crds prints files one after the other, with nothing in between.
    const note = '---\n# Made from crds/ by npm run generate: change it there.\n';
    const manifest = note + toYaml(versioned(kind));
    // helm takes no files from outside of the chart.
    for (const folder of ['crds/manifests', 'charts/turnpike/crds']) {
      files.set(`${folder}/${group}_${plural}.yaml`, manifest);
    }
    files.set(`docs/reference/${kind.toLowerCase()}.md`, referencePage(kind, toYaml));
  }
  return files;
}

/** Writes `files`, by their path from the project's root, and tells each. */
export function writeFiles(files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(name);
  }
}

if (import.meta.main) writeFiles(generatedFiles());
