// The last part of `npm run generate`: writes the reference of the options. A test keeps it in step.
import { writeFiles } from '#crds/generate.ts';
import { optionsPage } from './options-page.ts';

/** The files by their path from the project's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([['docs/reference/options.md', optionsPage()]]);
}

if (import.meta.main) writeFiles(generatedFiles());
