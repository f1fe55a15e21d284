// The CRDs on a real API server: it takes each of them, and says of each object what our decoder says.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ownKinds, presentations } from '#crds/definition.ts';
import { decodeManifest, decodeObject, kinds, type Kind } from '#crds/kind.ts';
import { ruleCases, schemaCases } from '#test/crds/cases.ts';
import { verdictCases } from '#test/crds/verdicts.ts';
import { type ControlPlane, startControlPlane } from './cluster/control-plane.ts';
import { installGatewayApi } from './cluster/gateway-api-crds.ts';

const manifests = path.join(import.meta.dirname, '../crds/manifests');

describe('a real API server', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane();
    await controlPlane.kubectl(['apply', '--server-side', '--filename', manifests]);
    await installGatewayApi(controlPlane, 'standard');
  });

  after(async () => {
    await controlPlane?.stop();
  });

  /** As kubectl creates it, without storing it. */
  async function create(
    kind: Kind,
    object: object,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const { group, version, plural, namespaced } = kinds[kind];
    const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const place = namespaced ? `${api}/namespaces/default/${plural}` : `${api}/${plural}`;
    const response = await controlPlane.fetch(`${place}?dryRun=All&fieldValidation=Strict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    return { status: response.status, body: await response.json() };
  }

  describe('the CRDs', () => {
    /** What the API server says to the object: null when it takes it. */
    async function verdict(kind: Kind, object: object): Promise<string | null> {
      const { status, body } = await create(kind, object);
      return status < 300 ? null : (body as { message: string }).message;
    }

    test('are structural to the API server', async () => {
      for (const kind of ownKinds) {
        const { plural, group } = kinds[kind];
        const json = await controlPlane.kubectl(['get', 'crd', `${plural}.${group}`, '--output', 'json']);
        const { status } = JSON.parse(json) as { status: { conditions: { type: string; status: string }[] } };
        assert.ok(
          !status.conditions.some((one) => one.type === 'NonStructuralSchema' && one.status === 'True'),
          json,
        );
      }
    });

    for (const { kind, rule, valid, invalid } of ruleCases) {
      test(`${kind} keeps and breaks the rule: ${rule}`, async () => {
        assert.equal(await verdict(kind, valid), null);
        const message = await verdict(kind, invalid);
        assert.ok(message?.includes(rule), `${message}`);
      });
    }

    for (const { kind, what, path: field, invalid } of schemaCases) {
      test(`${kind} is refused for ${what}`, async () => {
        const message = await verdict(kind, invalid);
        assert.ok(message?.includes(field), `${message}`);
      });
    }

    test('fill in their defaults', async () => {
      const limits = [{ name: 'minute', requests: 5, window: '1m' }];
      const policy = {
        apiVersion: 'turnpike.dev/v1alpha1',
        kind: 'RateLimitPolicy',
        metadata: { name: 'defaults', namespace: 'default' },
        spec: { targetRefs: [], rules: [{ name: 'all', limits }] },
      };
      await controlPlane.kubectl(['create', '--filename', '-'], { input: JSON.stringify(policy) });
      const json = await controlPlane.kubectl(['get', 'rlp', 'defaults', '--output', 'json']);
      const { spec } = JSON.parse(json) as { spec: unknown };
      assert.deepEqual(spec, {
        targetRefs: [],
        onInvalid: 'Closed',
        rules: [
          {
            name: 'all',
            key: { type: 'ClientAddress', onUnknownKey: 'Share' },
            limits: [{ ...limits[0], algorithm: 'TokenBucket' }],
            onStoreError: 'Local',
            mode: 'Enforce',
          },
        ],
      });
    });

    test('show what they are by kubectl explain, and whether they work by kubectl get', async () => {
      const words = await controlPlane.kubectl([
        'explain',
        'authpolicy.spec.rules.authenticate.jwt.clockSkew',
      ]);
      assert.match(words, /How far clocks may be apart/);
      for (const kind of ownKinds) {
        const object = {
          apiVersion: 'turnpike.dev/v1alpha1',
          kind,
          metadata: { name: 'example', namespace: 'default' },
          spec: presentations[kind].example,
        };
        await controlPlane.kubectl(['create', '--filename', '-'], { input: JSON.stringify(object) });
      }
      const condition = {
        type: 'Accepted',
        status: 'False',
        reason: 'TargetNotFound',
        message: 'spec.targetRefs[0]: there is no such HTTPRoute',
        observedGeneration: 1,
        lastTransitionTime: '2026-11-22T00:00:00Z',
      };
      const ancestors = [
        {
          ancestorRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' },
          controllerName: 'turnpike.dev/gateway-controller',
          conditions: [condition],
        },
      ];
      const patch = JSON.stringify({ status: { conditions: [condition], targets: '0/1', ancestors } });
      await controlPlane.kubectl([
        'patch',
        'ap',
        'example',
        '--subresource=status',
        '--type=merge',
        '--patch',
        patch,
      ]);
      const shown = await controlPlane.kubectl(['get', 'ap', 'example']);
      assert.match(shown, /NAME +ACCEPTED +TARGETS +AGE\nexample +False +0\/1 /);
      const all = await controlPlane.kubectl(['get', 'turnpike', '--output', 'name']);
      for (const kind of ownKinds)
        assert.match(all, new RegExp(`${kind.toLowerCase()}.turnpike.dev/example`));
    });

    test('tell a key whose members YAML 1.1 has read as booleans what to do', async () => {
      const yaml = (n: string): string => `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: {name: words, namespace: default}
spec:
  rules:
    authenticate:
    - name: staff
      type: JWT
      jwt:
        issuer: https://id.example.com
        jwks: {type: Inline, inline: {keys: [{kty: RSA, ${n}: sXch, e: AQAB}]}}
`;
      const create = (text: string): Promise<string> =>
        controlPlane.kubectl(['create', '--dry-run=server', '--filename', '-'], { input: text });
      await create(yaml('"n"'));
      await assert.rejects(create(yaml('n')), /with their names in quotes/);
    });
  });

  describe('the decoder and the API server', () => {
    for (const { kind, what, object, refused } of verdictCases) {
      test(`say the same of ${kind}: ${what}`, async () => {
        const { status, body } = await create(kind, object);
        assert.equal(status < 300, refused === null, JSON.stringify(body));
        if (refused !== null) return;
        const written = decodeManifest(kind, object);
        const served = decodeObject(kind, body);
        assert.ok(written.ok && served.ok);
        assert.deepEqual(served.unknownFields, []);
        assert.deepEqual(meaning(written.object), meaning(served.object));
      });
    }
  });
});

/** What both must agree on: not who made it and when, nor the addresses that the API server gives. */
function meaning(object: object): unknown {
  const { metadata: _, status: __, ...rest } = object as { metadata?: unknown; status?: unknown };
  const isGiven = (key: string) => key === 'clusterIP' || key === 'clusterIPs';
  return JSON.parse(JSON.stringify(rest, (key, value: unknown) => (isGiven(key) ? undefined : value)));
}
