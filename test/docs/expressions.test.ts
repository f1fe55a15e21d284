// docs/reference/expressions.md tells exactly the variables there are, and its examples are expressions.
import { compileExpression } from '#cel/expression.ts';
import { functions, methods } from '#cel/functions.ts';
import { requestVariables } from '#cel/request-variables.ts';
import { responseGroup } from '#cel/response-variables.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/reference/expressions.md'), 'utf8');
/** What the compiler knows beside the tables. */
const macros = [
  'matches',
  'exists',
  'all',
  'exists_one',
  'filter',
  'map',
  'has',
  'cel',
  'cidr',
  'orValue',
  'or',
];
const variables = requestVariables(() => 0);
const ofAnswers = variables.with(responseGroup);

describe('the examples of docs/reference/expressions.md are expressions', () => {
  const [, block = ''] = /```cel\n([^]*?)```/u.exec(page) ?? [];
  const examples = block.trim().split('\n');
  assert.ok(examples.length > 5);
  for (const text of examples) {
    test(text, () => {
      const compiled = compileExpression(text, { variables, result: 'bool' });
      assert.ok(compiled.ok, compiled.ok ? '' : JSON.stringify(compiled.problem));
    });
  }
});

test('docs/reference/expressions.md tells all variables', () => {
  const told = [...page.matchAll(/^\| `([a-zA-Z.]+)` \| (?:string|int|map|list|timestamp)/gmu)].map(
    ([, name]) => name,
  );
  assert.deepEqual(told, ofAnswers.names());
});

test('each function that docs/reference/expressions.md names can be called or is in an example', () => {
  const [, words = ''] = /- Of texts: ([^]*?)\nBytes, unsigned/u.exec(page) ?? [];
  const names = [...words.matchAll(/`(?:\.)?([a-zA-Z_]+)(?:\([^`]*\))?`/gu)].map(([, name]) => name ?? '');
  assert.ok(names.length > 30);
  const known = new Set([...functions.keys(), ...methods.keys(), ...macros]);
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  );
});
