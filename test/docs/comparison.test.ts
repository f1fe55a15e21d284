// docs/comparison.md says of each row which test proves it: that test is there, under that name.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const page = path.join(import.meta.dirname, '../../docs/comparison.md');
const peers = ['Envoy Gateway', 'Kong', 'APISIX', 'Traefik', 'KrakenD'];
const service = 'AWS API Gateway';

/** The cells of each line of the page's tables, without those that rule lines off. */
const lines = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('|---'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
const versions = lines.filter(({ length }) => length === 4);
/** What leads where and who may pass; and how much, where a service is one of the others too. */
const tables = [
  { others: peers, rows: lines.filter(({ length }) => length === peers.length + 2) },
  { others: [...peers, service], rows: lines.filter(({ length }) => length === peers.length + 3) },
];
/** Those between headings, which stand in bold. */
const features = tables
  .flatMap(({ others, rows }) => rows.filter((row) => row.slice(1, -1).join() !== others.join()))
  .filter(([name = '']) => !name.startsWith('**'));

/** Names of the tests in a file, as they are written there. */
function testsIn(file: string): readonly string[] {
  const found = readFileSync(file, 'utf8').matchAll(/\b(?:test|it)\(\s*(?:'([^'\n]+)'|"([^"\n]+)")/g);
  return [...found].map(([, single, double]) => single ?? double ?? '');
}

test('the page tells the version of every gateway it speaks of', () => {
  assert.deepEqual(
    versions.slice(1).map(([name]) => name),
    [...peers, service],
  );
  for (const { others, rows } of tables) assert.deepEqual(rows[0]?.slice(1, -1), others);
  for (const [name = '', version = ''] of versions.slice(1)) assert.match(version, /\d/, name);
});

test('every row names a test that is there', () => {
  assert.ok(features.length > 40);
  for (const cells of features) {
    const proofs = [...(cells.at(-1) ?? '').matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)];
    assert.ok(proofs.length > 0, `no test proves "${cells[0]}"`);
    for (const [, title = '', target = ''] of proofs) {
      const file = path.join(path.dirname(page), target);
      assert.ok(existsSync(file), `${target} is not there ("${cells[0]}")`);
      assert.ok(testsIn(file).includes(title), `${target} has no test "${title}" ("${cells[0]}")`);
    }
  }
});

test('every row says of every gateway whether it has it, in the words that the page explains', () => {
  for (const [name = '', ...cells] of features) {
    for (const cell of cells.slice(0, -1))
      assert.match(cell, /^(?:yes|paid|no|part(?=:))(?:[:;] .+)?$/, name);
  }
});
