// The walls of the house (docs/architecture.md): who may import whom, which package lives where, which names are
// forbidden. A room or file that no rule covers fails, so the table stays whole.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.join(import.meta.dirname, '..');

/** What a room may import beside itself: other rooms by prefix, packages, built-ins. */
interface Walls {
  readonly rooms: readonly string[];
  readonly packages?: readonly string[];
  readonly builtins?: readonly string[];
  /** No clock, randomness, environment, console, timers. */
  readonly pure?: true;
}

const anyBuiltin = ['*'];
const contract = ['snapshot'];
const crdsAndInput = [
  'snapshot',
  'crds',
  'controller/source',
  'controller/translate/input',
  'controller/translate/translation',
];

/** Longest prefix wins. */
const walls: Readonly<Record<string, Walls>> = {
  snapshot: { rooms: [], builtins: ['node:crypto'], pure: true },
  crds: {
    rooms: [],
    packages: ['zod'],
    builtins: ['node:assert', 'node:crypto', 'node:net'],
    pure: true,
  },
  'crds/generate': { rooms: ['crds'], packages: ['zod', 'yaml'], builtins: anyBuiltin },
  admin: { rooms: [], builtins: ['node:http', 'node:net'] },
  'controller/translate': {
    rooms: contract.concat('crds'),
    packages: ['re2js'],
    builtins: ['node:assert', 'node:crypto', 'node:net'],
    pure: true,
  },
  'controller/endpoints': {
    rooms: crdsAndInput,
    builtins: ['node:net', 'node:assert', 'node:crypto'],
    pure: true,
  },
  'controller/store': {
    rooms: crdsAndInput.concat('controller/source'),
    builtins: ['node:assert', 'node:crypto'],
    pure: true,
  },
  'controller/loop': { rooms: crdsAndInput.concat('controller'), builtins: ['node:assert'] },
  'controller/kube': {
    rooms: ['crds', 'controller/source', 'controller/clock'],
    packages: ['@kubernetes/client-node', 'undici'],
    builtins: anyBuiltin,
  },
  'controller/files': {
    rooms: ['crds', 'controller/source', 'controller/clock'],
    packages: ['yaml'],
    builtins: anyBuiltin,
  },
  'controller/source': { rooms: ['crds'], builtins: [] },
  'controller/clock': { rooms: [], builtins: [] },
  'controller/status': {
    rooms: crdsAndInput.concat('controller/kube', 'controller/clock'),
    builtins: ['node:util', 'node:assert', 'node:timers'],
  },
  'controller/election': {
    rooms: ['crds', 'controller/kube', 'controller/clock'],
    builtins: ['node:timers', 'node:assert'],
  },
  'controller/events': {
    rooms: ['crds', 'controller/kube', 'controller/clock', 'controller/translate/translation'],
    builtins: ['node:crypto'],
  },
  'controller/keys': {
    rooms: crdsAndInput.concat('controller/kube', 'controller/clock'),
    packages: ['undici'],
    builtins: ['node:net', 'node:dns', 'node:crypto', 'node:assert', 'node:timers'],
  },
  'controller/publish': { rooms: contract, builtins: anyBuiltin },
  'controller/authority': {
    rooms: contract,
    packages: ['@peculiar/x509'],
    builtins: ['node:crypto', 'node:net', 'node:assert'],
  },
  'controller/admin': {
    rooms: contract.concat('admin'),
    packages: ['@prometheus-io/client'],
    builtins: anyBuiltin,
  },
  'controller/plane': { rooms: ['snapshot', 'crds', 'controller'], builtins: [] },
  'controller/cluster': { rooms: ['admin', 'snapshot', 'crds', 'controller'], builtins: anyBuiltin },
  'controller/main': { rooms: ['admin', 'snapshot', 'crds', 'controller'], builtins: anyBuiltin },
  'dataplane/http': { rooms: contract, builtins: ['node:net', 'node:assert'], pure: true },
  'dataplane/route': {
    rooms: contract.concat('dataplane/http'),
    packages: ['re2js'],
    builtins: ['node:assert'],
    pure: true,
  },
  'dataplane/runtime': {
    rooms: ['dataplane/http', 'dataplane/route', 'dataplane/upstream'],
    builtins: ['node:tls'],
  },
  'dataplane/filters': {
    rooms: contract.concat('dataplane/http', 'dataplane/route'),
    packages: [],
    builtins: ['node:assert', 'node:buffer'],
    pure: true,
  },
  'dataplane/filters/authenticate': {
    rooms: contract.concat('dataplane/http', 'dataplane/filters'),
    packages: ['jose', 'lru-cache'],
    builtins: ['node:crypto', 'node:assert', 'node:buffer'],
  },
  'dataplane/filters/rate-limit': {
    rooms: contract.concat('dataplane/http', 'dataplane/filters'),
    packages: ['ioredis'],
    builtins: ['node:crypto', 'node:assert', 'node:net', 'node:timers', 'node:buffer'],
  },
  'dataplane/compile': {
    rooms: contract.concat(
      'dataplane/http',
      'dataplane/route',
      'dataplane/filters',
      'dataplane/upstream',
      'dataplane/runtime',
    ),
    builtins: ['node:tls', 'node:crypto', 'node:assert'],
  },
  'dataplane/upstream': {
    rooms: contract.concat('dataplane/http'),
    builtins: ['node:net', 'node:tls', 'node:assert', 'node:timers', 'node:buffer'],
  },
  'dataplane/proxy': {
    rooms: contract.concat(
      'dataplane/http',
      'dataplane/route',
      'dataplane/upstream',
      'dataplane/runtime',
      'dataplane/filters/filter',
    ),
    builtins: ['node:crypto', 'node:assert', 'node:net', 'node:buffer', 'node:http'],
  },
  'dataplane/listen': {
    rooms: contract.concat('dataplane/http', 'dataplane/proxy', 'dataplane/runtime'),
    builtins: ['node:net', 'node:tls', 'node:assert', 'node:timers', 'node:events', 'node:buffer'],
  },
  'dataplane/subscribe': { rooms: contract, builtins: anyBuiltin },
  'dataplane/observe': {
    rooms: contract.concat('dataplane/http', 'dataplane/runtime'),
    packages: ['@prometheus-io/client'],
    builtins: ['node:fs', 'node:assert', 'node:buffer', 'node:perf_hooks', 'node:timers'],
  },
  'dataplane/admin': { rooms: contract.concat('admin'), builtins: anyBuiltin },
  'dataplane/plane': { rooms: ['snapshot', 'dataplane'], builtins: [] },
  'dataplane/main': { rooms: ['admin', 'snapshot', 'dataplane'], builtins: anyBuiltin },
  cli: {
    rooms: ['admin', 'snapshot', 'crds', 'controller', 'dataplane', 'examples'],
    packages: ['yaml', 'jose'],
    builtins: anyBuiltin,
  },
  test: { rooms: ['*'], packages: ['*'], builtins: anyBuiltin },
  e2e: { rooms: ['*'], packages: ['*'], builtins: anyBuiltin },
  bench: { rooms: ['*'], packages: ['*'], builtins: anyBuiltin },
  examples: { rooms: [], packages: ['jose'], builtins: anyBuiltin },
};

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
    /^\s*(?:import|export)\b[^'"`;]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Why `file` of `room` may not import `name`, or null when it may. */
function objection(file: string, room: string, name: string): string | null {
  const wall = walls[room];
  assert(wall);
  if (name.startsWith('node:')) {
    const allowed = wall.builtins ?? [];
    const plain = name.replace(/\/(?:strict|promises)$/, '');
    return allowed.includes('*') || allowed.includes(plain)
      ? null
      : `built-in ${name} has no business in ${room}`;
  }
  if (name.startsWith('.') || name.startsWith('#')) {
    const target = name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name.slice(1);
    if (!name.endsWith('.ts') && !name.endsWith('.json')) return `${name} does not end in .ts`;
    if (target === 'package.json' && /^(?:cli|test|e2e)$|main$/.test(room)) return null;
    const owner = roomOf(target);
    if (owner === undefined) return `${target} belongs to no room`;
    const plain = target.replace(/\.ts$/, '');
    const open =
      owner === room ||
      wall.rooms.some((other) => other === '*' || plain === other || plain.startsWith(`${other}/`));
    return open ? null : `${room} may not import ${target}`;
  }
  const packageName = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  const allowed = wall.packages ?? [];
  return allowed.includes('*') || allowed.includes(packageName)
    ? null
    : `package ${packageName} has no business in ${room}`;
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
});
