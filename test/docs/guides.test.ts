// The manifests in the guides are as the program takes them, and the tables are in step with it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { decodeManifest, kindOf } from '#crds/kind.ts';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';

const root = path.join(import.meta.dirname, '../..');
const guides = path.join(root, 'docs/guides');
const pages = readdirSync(guides).filter((name) => name.endsWith('.md'));

interface Block {
  readonly page: string;
  readonly line: number;
  /** Of the comment before it: all blocks of a folder together pass `turnpike check`. */
  readonly folder: string | null;
  readonly text: string;
}

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(path.join(guides, page), 'utf8');
  return [...text.matchAll(/(?:<!-- folder: (\S+) -->\n)?```yaml\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    folder: match[1] ?? null,
    text: match[2] ?? '',
  }));
}

const blocks = pages.flatMap(blocksOf);

for (const { page, line, text } of blocks) {
  test(`docs/guides/${page}:${line} is taken as it stands`, () => {
    const documents = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
    assert.ok(documents.length > 0);
    for (const document of documents) {
      const kind = kindOf(String(document['apiVersion']), String(document['kind']));
      assert.ok(kind, `${String(document['kind'])} is not a kind that is read`);
      const result = decodeManifest(kind, document);
      assert.ok(result.ok, JSON.stringify(result.ok ? [] : result.problems));
      assert.deepEqual(result.unknownFields, []);
    }
  });
}

for (const [folder, parts] of Map.groupBy(
  blocks.filter((block) => block.folder !== null),
  (block) => block.folder,
)) {
  test(`the folder that docs/guides/${folder}.md builds up has no problems`, async () => {
    await using given = await givenFolder(
      Object.fromEntries(parts.map(({ line, text }) => [`line-${line}.yaml`, text])),
    );
    const { code, stdout } = await turnpike(['check', given.path]);
    assert.match(stdout, /no problems\n$/);
    assert.equal(code, 0);
  });
}

test('there are blocks, and folders among them', () => {
  assert.ok(blocks.length >= 8);
  assert.ok(blocks.filter(({ folder }) => folder !== null).length >= 3);
});

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

test('docs/guides/troubleshooting.md lists exactly the reasons that conditions can have', () => {
  const types = {
    accepted: 'Accepted',
    resolvedRefs: 'ResolvedRefs',
    programmed: 'Programmed',
    conflicted: 'Conflicted',
  };
  const words = ['conditions', 'address-words', 'policy-words']
    .map((name) => read(`controller/translate/${name}.ts`))
    .join('\n');
  const called = [
    ...words.matchAll(/\b(accepted|resolvedRefs|programmed|conflicted)\(\s*'([A-Za-z]+)'/g),
  ].map((match) => `${types[match[1] as keyof typeof types]} ${match[2]}`);
  const spelt = [...words.matchAll(/type: '([A-Za-z]+)',\s*reason: '([A-Za-z]+)'/g)].map(
    (match) => `${match[1]} ${match[2]}`,
  );
  const policies = 'controller/translate/policies';
  const ways = readdirSync(path.join(root, policies, 'ways')).map((name) => `ways/${name}`);
  const keys = ['keys.ts', 'reputation.ts', '../credentials/plan.ts', ...ways]
    .flatMap((name) => [...read(`${policies}/${name}`).matchAll(/reason: '([A-Za-z]+)'/g)])
    .map((match) => `ResolvedRefs ${match[1]}`);
  const provisioning = /readonly reason: ((?:'[A-Za-z]+'(?: \| )?)+);/.exec(
    read('controller/translate/input.ts'),
  );
  const provisioned = [...(provisioning?.[1] ?? '').matchAll(/'([A-Za-z]+)'/g)].map(
    (match) => `turnpike.dev/Provisioned ${match[1]}`,
  );
  const statuses = ['gateway', 'listener', 'route', 'policy', 'gateway-class', 'ban'].flatMap((name) =>
    [
      ...read(`controller/translate/statuses/${name}.ts`).matchAll(
        /type: '([A-Za-z./]+)',\s*(?:status: [^\n]*,\s*)?reason: '([A-Za-z]+)'/g,
      ),
    ].map((match) => `${match[1]} ${match[2]}`),
  );
  const reasons = new Set([...called, ...spelt, ...keys, ...provisioned, ...statuses]);
  reasons.delete('Conflicted NoConflicts');
  assert.ok(reasons.size > 25);

  const page = read('docs/guides/troubleshooting.md');
  const listed = [...page.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(
    (match) => `${match[1]} ${match[2]}`,
  );
  assert.deepEqual([...new Set(listed)].sort(), [...reasons].sort());
});

test('docs/guides/troubleshooting.md tells every answer of our own, with its words', () => {
  const table = read('dataplane/proxy/answer.ts');
  const answers = [...table.matchAll(/^ {2}[A-Z]\w+: \[(\d{3}), grpcCodes\.\w+, '([^']+)'\],$/gm)].map(
    (match) => `${match[1]} ${match[2]}`,
  );
  assert.ok(answers.length > 20);
  const page = read('docs/guides/troubleshooting.md');
  const listed = [...page.matchAll(/^\| (\d{3}) \| ([^|]+) \|/gm)].map((match) => `${match[1]} ${match[2]}`);
  assert.deepEqual(listed.sort(), answers.sort());
});
