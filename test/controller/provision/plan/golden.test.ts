// What is made for Gateways: each folder here is one case, manifests of a user in (in.yaml), manifests that are applied
// out (out.yaml), whole in the case `default`, of the others what differs from it. `GOLDEN=write` writes what comes out.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { planInfrastructure } from '#controller/provision/plan.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import { input, nothingObserved, object, reader } from '../../translate/objects.ts';
import type { Platform } from '#controller/provision/plan/platform.ts';

const folder = import.meta.dirname;
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

const platform: Platform = {
  controllerName: 'turnpike.dev/gateway-controller',
  image: 'turnpike/dataplane:1.2.3',
  pullPolicy: null,
  pullSecrets: [],
  controllerUrl: 'https://turnpike-controller.turnpike-system.svc:8443',
  audience: 'turnpike.dev',
  authorities: 'PEM',
};

for (const name of cases) {
  test(`plan: ${name.replaceAll('-', ' ')}`, () => {
    const found = name === 'default' ? planned(name) : difference(planned('default'), planned(name));
    const text = stringify(found, { lineWidth: 0, aliasDuplicateObjects: false });
    const file = path.join(folder, name, 'out.yaml');
    if (process.env['GOLDEN'] === 'write') writeFileSync(file, text);
    assert.ok(existsSync(file), `${file} is there (GOLDEN=write makes it)`);
    assert.deepEqual(parse(text), parse(readFileSync(file, 'utf8')));
  });
}

test('there are golden cases', () => {
  assert.ok(cases.length >= 8, `only ${String(cases.length)}`);
});

type Json = Readonly<Record<string, unknown>>;

/** By kind, and the number to begin with. */
function planned(name: string): Json {
  const documents = parseAllDocuments(readFileSync(path.join(folder, name, 'in.yaml'), 'utf8')).map(
    (one): unknown => one.toJS(),
  );
  const objects = documents.filter((one) => isKind(one)).map((one) => object(one));
  const more = documents.find((one) => !isKind(one)) as Partial<Platform> | undefined;
  const translation = createTranslator().translate(
    input(reader(objects), nothingObserved, { dataPlanes: 'Provisioned' }),
  );
  const [infrastructure] = translation.infrastructure.values();
  assert.ok(infrastructure?.kind === 'Wanted', JSON.stringify(translation.statuses));
  const plan = planInfrastructure(infrastructure, { ...platform, ...more });
  const manifests = plan.manifests.map(({ kind, ...rest }) => [kind, rest]);
  return { initialReplicas: plan.initialReplicas, ...(Object.fromEntries(manifests) as Json) };
}

function isKind(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'kind' in document;
}

/** What is otherwise in `now`, with null for what is gone; lists whole. */
function difference(before: Json, now: Json): Json {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = fields.filter((field) => !isDeepStrictEqual(before[field], now[field]));
  return Object.fromEntries(
    changed.map((field) => {
      const [was, is] = [before[field], now[field]];
      return [field, isJson(was) && isJson(is) ? difference(was, is) : (is ?? null)];
    }),
  );
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
