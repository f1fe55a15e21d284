// The next version of Turnpike, made of this one: it has one filter and one field of policies more, and its planes tell
// each other more than this version knows of. What it is called stands in the images' tag.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildImages } from '../images/images.ts';
import type { Images } from '../images/images.ts';

const checkout = path.join(import.meta.dirname, '../..');
const files = ['Dockerfile', '.dockerignore', '.npmrc', 'LICENSE', 'package.json', 'package-lock.json'];
const folders = ['admin', 'cel', 'snapshot', 'crds', 'controller', 'dataplane', 'e2e'];

/** What a route's filter must set so that the next version makes its new filter of it. */
export const newFilterHeader = 'x-next';

/** The realm for which a policy has the next version's new field. */
export const newFieldRealm = 'next';

const [oldField, newField] = [`"realm":"${newFieldRealm}"`, `"nextRealm":"${newFieldRealm}"`];

/** Images in which snapshots are written and read with the new filter and the new field. */
export async function buildNextVersion(): Promise<Images> {
  const source = await mkdtemp(path.join(os.tmpdir(), 'turnpike-next-'));
  try {
    for (const part of [...files, ...folders]) {
      await cp(path.join(checkout, part), path.join(source, part), { recursive: true });
    }
    // Where everything passes: both have other names on the wire, and are the old ones behind it.
    await edit(path.join(source, 'snapshot/encode.ts'), [
      'return canonical(resource);',
      `return canonical(resource).replaceAll('{"add":[],"kind":"ResponseHeaders","remove":[],"set":[{"name":"${newFilterHeader}"', '{"add":[],"kind":"NextHeaders","remove":[],"set":[{"name":"${newFilterHeader}"').replaceAll('${oldField}', '${newField}');`,
    ]);
    await edit(path.join(source, 'snapshot/decode.ts'), [
      "const kind = shape.peek(value, 'kind');",
      "const kind = shape.peek(value, 'kind');\n  value = JSON.parse(JSON.stringify(value).replaceAll('\"NextHeaders\"', '\"ResponseHeaders\"').replaceAll('" +
        newField +
        "', '" +
        oldField +
        "'));",
    ]);
    return await buildImages({ source });
  } finally {
    await rm(source, { recursive: true });
  }
}

async function edit(file: string, [from, to]: readonly [string, string]): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} is not what this journey takes it for: no ${from}`);
  await writeFile(file, text.replace(from, to));
}
