// Every link of the documentation leads somewhere: files, folders and headings.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.join(import.meta.dirname, '../..');
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));

/** Targets of `[words](target)` outside of code. */
function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ +(.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function problemOf(page: string, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return null;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), file);
  const full = path.join(root, target);
  if (!existsSync(full)) return `${page}: ${link} does not exist`;
  if (anchor === undefined || statSync(full).isDirectory()) return null;
  return anchorsOf(readFileSync(full, 'utf8')).has(anchor) ? null : `${page}: ${link} has no such heading`;
}

test('all links in all pages lead somewhere', () => {
  assert.ok(pages.length > 10);
  const found = pages.flatMap((page) => {
    const links = linksOf(readFileSync(path.join(root, page), 'utf8'));
    return links.map((link) => problemOf(page, link)).filter((problem) => problem !== null);
  });
  assert.deepEqual(found, []);
});

test('the check above sees what it should see', () => {
  assert.match(problemOf('README.md', 'docs/nowhere.md') ?? '', /does not exist/);
  assert.match(problemOf('README.md', 'docs/architecture.md#nowhere') ?? '', /no such heading/);
  assert.equal(problemOf('README.md', 'docs/architecture.md#the-rooms'), null);
  assert.deepEqual(linksOf('see [a](b.md), not `[c](d.md)`\n```\n[e](f.md)\n```\n'), ['b.md']);
});
