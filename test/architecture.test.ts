// The house stands (docs/architecture.md): no file looks through a wall, goes in circles, is too long, or has a name that
// says nothing. A room or file that no wall is told for fails, so the table stays whole.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { walls } from './walls.ts';

const root = path.join(import.meta.dirname, '..');

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');

function roomOf(file: string): string | undefined {
  const name = file.replace(/\.ts$/, '');
  return Object.keys(walls)
    .filter((room) => name === room || name.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^'"`;]*?from\s+['"]([^'"]+)['"]|\b(?:import|getBuiltinModule)\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Why `file` of `room` may not import `name`, or null when it may. */
function objection(file: string, room: string, name: string): string | null {
  const wall = walls[room];
  assert(wall);
  if (name.startsWith('node:')) {
    const allowed = wall.builtins ?? [];
    return allowed.includes('*') ||
      plainBuiltin(name) === 'node:assert' ||
      allowed.includes(plainBuiltin(name))
      ? null
      : `built-in ${name} has no business in ${room}`;
  }
  if (name.startsWith('.') || name.startsWith('#')) {
    const target = targetOf(file, name);
    if (!name.endsWith('.ts') && !name.endsWith('.json')) return `${name} does not end in .ts`;
    if (target === 'package.json' && /^(?:cli|test|e2e)$|main$/.test(room)) return null;
    const owner = roomOf(target);
    if (owner === undefined) return `${target} belongs to no room`;
    const open =
      owner === room ||
      wall.rooms.some((other) => other === '*' || target === other || target.startsWith(`${other}/`));
    return open ? null : `${room} may not import ${target}`;
  }
  const allowed = wall.packages ?? [];
  return allowed.includes('*') || allowed.includes(packageOf(name))
    ? null
    : `package ${packageOf(name)} has no business in ${room}`;
}

function plainBuiltin(name: string): string {
  return name.replace(/\/(?:strict|promises)$/, '');
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The path of what `file` imports as `name`, without its ending, where that is a file of ours. */
function targetOf(file: string, name: string): string {
  const target = name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name.slice(1);
  return target.replace(/\.ts$/, '');
}

test('every source file belongs to a room', () => {
  assert(files.length > 20);
  assert.deepEqual(
    files.filter((file) => roomOf(file) === undefined),
    [],
  );
});

test('docs/architecture.md lists exactly the rooms that have walls', () => {
  const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(new Set(listed), new Set(Object.keys(walls)));
});

test('no room imports what its walls forbid', () => {
  const objections = files.flatMap((file) => {
    const room = roomOf(file);
    if (room === undefined) return [];
    return importsOf(file)
      .map((name) => objection(file, room, name))
      .filter((reason) => reason !== null)
      .map((reason) => `${file}: ${reason}`);
  });
  assert.deepEqual(objections, []);
});

/** Those of `file` that are there when it runs: types are erased. */
function runtimeImportsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const clauses = text.matchAll(
    /^(?:import|export)\b(?!\s+type\b)([^'"`;]*?)\bfrom\s+['"]([.#][^'"]+)['"]/gm,
  );
  return [...clauses]
    .filter(([, names = '']) => /[^\s{},]/.test(names.replace(/\btype\s+\w+(?:\s+as\s+\w+)?/g, '')))
    .map(([, , name = '']) => `${targetOf(file, name)}.ts`);
}

/** What stands in circles, or between two of them. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const left = new Map(imports);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    const imported = new Set([...left.values()].flat());
    for (const [file, names] of left) {
      if (!imported.has(file) || names.every((name) => !left.has(name))) left.delete(file);
    }
  }
  return [...left.keys()].sort();
}

test('no file imports itself by way of others', () => {
  const imports = new Map(files.map((file) => [file, runtimeImportsOf(file)]));
  assert.ok([...imports.values()].flat().length > files.length, 'imports are found');
  assert.deepEqual(circlesIn(imports), []);
});

test('no wall has a door that nobody uses', () => {
  const unused = Object.entries(walls).flatMap(([room, { rooms, packages = [], builtins = [] }]) => {
    const imports = files
      .filter((file) => roomOf(file) === room)
      .flatMap((file) => importsOf(file).map((name) => ({ name, target: targetOf(file, name) })));
    return [
      ...rooms.filter((other) =>
        imports.every(({ target }) => target !== other && !target.startsWith(`${other}/`)),
      ),
      ...packages.filter((wanted) => imports.every(({ name }) => packageOf(name) !== wanted)),
      ...builtins.filter((wanted) => imports.every(({ name }) => plainBuiltin(name) !== wanted)),
    ]
      .filter((door) => door !== '*')
      .map((door) => `${room}: ${door}`);
  });
  assert.deepEqual(unused, []);
});

test('the pure rooms have no clock, no randomness, no environment and no console', () => {
  const impure =
    /\b(?:Date\.now|new Date\(\)|Math\.random|randomBytes|randomUUID|process\.\w|console\.|setTimeout|setInterval|setImmediate|performance\.)/;
  const found = files
    .filter((file) => walls[roomOf(file) ?? '']?.pure === true)
    .flatMap((file) => {
      const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
      return lines.flatMap((line, at) =>
        impure.test(line.replace(/\/\/.*|^\s*\/?\*.*/, '')) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
      );
    });
  assert.deepEqual(found, []);
});

test('only the composition roots read the environment and the arguments', () => {
  const roots = /^(?:cli|test|e2e|bench|examples)\/|^(?:controller|dataplane)\/main\.ts$|^crds\/generate/;
  const found = files
    .filter((file) => !roots.test(file))
    .filter((file) => /\bprocess\.(?:env|argv)\b/.test(readFileSync(path.join(root, file), 'utf8')));
  assert.deepEqual(found, []);
});

test('no file or folder has a name that says nothing', () => {
  const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|manager|shared|lib|index)(?:\/|\.ts$)/;
  assert.deepEqual(
    files.filter((file) => vague.test(file)),
    [],
  );
});

test('no source file is longer than 400 lines', () => {
  const long = files
    .map((file) => ({ file, lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 400);
  assert.deepEqual(long, []);
});

test('the checks above see what they should see', () => {
  assert.match(objection('snapshot/route.ts', 'snapshot', '#crds/kind.ts') ?? '', /may not import/);
  assert.match(
    objection('controller/translate/x.ts', 'controller/translate', 'node:fs') ?? '',
    /no business/,
  );
  assert.match(objection('dataplane/proxy/x.ts', 'dataplane/proxy', 'ioredis') ?? '', /no business/);
  assert.equal(objection('dataplane/proxy/x.ts', 'dataplane/proxy', '#dataplane/http/fields.ts'), null);
  const circle = { a: ['b'], b: ['c'], c: ['b', 'd'], d: [] };
  assert.deepEqual(circlesIn(new Map(Object.entries(circle))), ['b', 'c']);
});
