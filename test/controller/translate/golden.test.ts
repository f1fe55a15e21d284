// The specification of the translation: each folder here is one case, manifests in (in.yaml), snapshots, statuses
// and notices out (out.yaml). `GOLDEN=write` writes what comes out; read it against the Gateway API before it is kept.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { Kind } from '#crds/kind.ts';
import { decodeResource } from '#snapshot/decode.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import type { PortKey } from '#snapshot/port-key.ts';
import type {
  DataPlaneOrigin,
  FetchedKeys,
  Observations,
  UnboundAt,
  ProvisioningProblem,
  QuotaUse,
} from '#controller/translate/input.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { equal } from '#controller/translate/sharing.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { Translation } from '#controller/translate/translation.ts';
import { input, nothingObserved, object, reader, refusedObject } from './objects.ts';

const folder = import.meta.dirname;
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => existsSync(path.join(folder, entry.name, 'in.yaml')))
  .map((entry) => entry.name)
  .sort();

/** The first document of an in.yaml may be this instead of a manifest. */
interface Moment {
  readonly origin?: DataPlaneOrigin;
  /** Ready data planes by Gateway (`namespace/name`). */
  readonly ready?: Readonly<Record<string, number>>;
  /** By Gateway, resource id: reason. */
  readonly refused?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By Gateway, port (`53/UDP`). */
  readonly unbound?: Readonly<Record<string, Readonly<Record<string, UnboundAt>>>>;
  readonly keys?: Readonly<Record<string, FetchedKeys>>;
  readonly provisioning?: Readonly<Record<string, ProvisioningProblem>>;
  /** By Consumer (`namespace/name`). */
  readonly quotas?: Readonly<Record<string, readonly QuotaUse[]>>;
  /** Kinds that the API server has not. */
  readonly unserved?: readonly Kind[];
}

for (const name of cases) {
  test(`translate: ${name.replaceAll('-', ' ')}`, () => {
    const translation = translated(name);
    for (const resource of [...translation.snapshots.values()].flatMap((set) => [...set.values()])) {
      const decoded = decodeResource(encodeResource(resource));
      assert.ok(equal(decoded, resource), `a data plane reads ${resource.id} as it is meant`);
    }
    const found = stringify(shown(translation), { lineWidth: 0, aliasDuplicateObjects: false });
    const file = path.join(folder, name, 'out.yaml');
    if (process.env['GOLDEN'] === 'write') {
      writeFileSync(file, found);
    }
    assert.ok(existsSync(file), `${file} is there (GOLDEN=write makes it)`);
    assert.deepEqual(parse(found), parse(readFileSync(file, 'utf8')));
  });
}

test('there are golden cases', () => {
  assert.ok(cases.length >= 40, `only ${String(cases.length)}`);
});

function translated(name: string): Translation {
  const text = readFileSync(path.join(folder, name, 'in.yaml'), 'utf8');
  const documents = parseAllDocuments(text).map((one): unknown => {
    assert.deepEqual(one.errors, []);
    return one.toJS();
  });
  const manifests = documents.filter((one) => !isMoment(one) && one !== null);
  const moment = documents.find((one) => isMoment(one)) ?? {};
  // What does not decode is there all the same.
  const refused = manifests.flatMap((one) => refusedObject(one) ?? []);
  const objects = manifests.filter((one) => refusedObject(one) === null).map((one) => object(one));
  return createTranslator().translate(
    input(reader(objects, null, refused, moment.unserved), observed(moment), {
      dataPlanes: moment.origin ?? 'External',
    }),
  );
}

function isMoment(value: unknown): value is Moment {
  return typeof value === 'object' && value !== null && !('kind' in value);
}

function observed(moment: Moment): Observations {
  const { ready = {}, refused = {}, unbound = {} } = moment;
  const gateways = new Set([ready, refused, unbound].flatMap((one) => Object.keys(one)));
  return {
    dataPlanes: new Map(
      [...gateways].map((key) => {
        const [namespace = '', name = ''] = key.split('/');
        const ready = moment.ready?.[key] ?? 0;
        const refused = new Map(Object.entries(moment.refused?.[key] ?? {}));
        const unbound = new Map(
          Object.entries(moment.unbound?.[key] ?? {}).map(([port, why]) => [port as PortKey, why]),
        );
        return [gatewayKey(namespace, name), { ready, refused, unbound }];
      }),
    ),
    keys: new Map(Object.entries(moment.keys ?? nothingObserved.keys)),
    quotas: new Map(Object.entries(moment.quotas ?? {})),
    provisioning: new Map(
      Object.entries(moment.provisioning ?? {}).map(([key, problem]) => {
        const [namespace = '', name = ''] = key.split('/');
        return [gatewayKey(namespace, name), problem];
      }),
    ),
  };
}

/** As people like to read it: conditions on one line each, secrets redacted, nothing that is empty. */
function shown(translation: Translation): unknown {
  const { snapshots, endpointSources, remoteKeys, infrastructure, statuses, notices } = translation;
  return {
    snapshots: Object.fromEntries(
      [...snapshots].map(([key, set]) => [
        key,
        Object.fromEntries(
          [...set]
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .map(([id, resource]) => [id, plain(resource)]),
        ),
      ]),
    ),
    endpointSources: Object.fromEntries(
      [...endpointSources]
        .filter(([, sources]) => sources.size > 0)
        .map(([key, sources]) => [
          key,
          [...sources.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
        ]),
    ),
    ...(remoteKeys.length > 0 ? { remoteKeys } : {}),
    ...(infrastructure.size > 0 ? { infrastructure: Object.fromEntries(infrastructure) } : {}),
    statuses: statuses.map(({ object: { kind, namespace, name }, generation, gateways, status }) => ({
      object: [kind, namespace, name].filter((part) => part !== '').join('/'),
      generation,
      gateways,
      ...(short(status) as object),
    })),
    ...(notices.length > 0 ? { notices } : {}),
  };
}

/** The resource as it is sent, but for secrets and what its id already tells. */
function plain(resource: Resource): unknown {
  const shown: unknown = JSON.parse(JSON.stringify(resource));
  const sent: unknown = JSON.parse(encodeResource(resource));
  const { id: _, kind: __, ...rest } = common(shown, sent) as Readonly<Record<string, unknown>>;
  return rest;
}

/** `shown` without the members that `sent` has not. */
function common(shown: unknown, sent: unknown): unknown {
  if (Array.isArray(shown) && Array.isArray(sent)) {
    return shown.map((one, at) => common(one, sent[at]));
  }
  if (!isObject(shown) || !isObject(sent)) {
    return shown;
  }
  return Object.fromEntries(
    Object.entries(shown).flatMap(([name, part]) =>
      Object.hasOwn(sent, name) ? [[name, common(part, sent[name])]] : [],
    ),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Conditions as `True Accepted/Reason: message`. Features are the same in all cases: supported-features.test.ts has them. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((one: unknown) => short(one));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('type' in value && 'status' in value && 'reason' in value && 'message' in value) {
    const { type, status, reason, message } = value;
    return `${String(status)} ${String(type)}/${String(reason)}${message === '' ? '' : `: ${String(message)}`}`;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'kind' || !('conditions' in value || 'parents' in value))
      .filter(
        ([key, part]) => key !== 'supportedFeatures' && !(key === 'attachedListenerSets' && part === null),
      )
      .map(([key, part]) => [key, short(part)]),
  );
}
