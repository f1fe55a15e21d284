// npm 11 refuses `npm ci` when the lockfile leaves out an optional package, and `npm install` leaves out those that
// the registry at hand lacks: then the first command of the README fails for everybody.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = path.join(import.meta.dirname, '../package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

test('the lockfile has an entry for every optional package that one of its packages names', () => {
  const named = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  assert.ok(named.length > 30);
  assert.deepEqual(
    named.filter((name) => packages[`node_modules/${name}`]?.version === undefined),
    [],
  );
});

test('the lockfile names no registry', () => {
  assert.deepEqual(
    Object.values(packages).filter(({ resolved }) => resolved !== undefined),
    [],
  );
});
