// What the chart makes of values, told by cases: each folder in cases/ has values.yaml and what comes of them, out.yaml
// (GOLDEN=write makes those anew): of the case `default` everything, of others what differs from that. And what it makes
// of bad values.
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { valuesJsonSchema } from '#charts/json-schema.ts';
import { valuesOf } from '#charts/pages.ts';
import { parseHostPort } from '#admin/host-port.ts';
import { HelmCommand, chart } from './helm-command.ts';
import type { Values } from './helm-command.ts';

const cases = path.join(import.meta.dirname, 'cases');

/** The nested object of a path and a value: `a.b`, 1 is {a: {b: 1}}. */
function valueAt(at: string, value: unknown): Values {
  const [name = '', ...rest] = at.split('.');
  return { [name]: rest.length === 0 ? value : valueAt(rest.join('.'), value) };
}

function merged(one: Values, other: Values): Values {
  const isObject = (it: unknown): it is Values => typeof it === 'object' && it !== null && !Array.isArray(it);
  const found: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const here = found[name];
    found[name] = isObject(here) && isObject(value) ? merged(here, value) : value;
  }
  return found;
}

const create = { create: true };
/** All options on, so that what they depend on shows. */
const everything = {
  metrics: { serviceMonitor: create, podMonitor: create, dashboards: create },
  ingressClass: create,
  networkPolicy: { restrictEgress: true },
  dataplane: { networkPolicy: { namespaces: ['default'] } },
};

const image = {
  repository: 'registry.example.com/x',
  tag: 'v9',
  digest: `sha256:${'a'.repeat(64)}`,
  pullPolicy: 'Always',
};
const images = Object.entries(image).flatMap(([name, value]) => [
  [`controller.image.${name}`, value] as const,
  [`dataplane.image.${name}`, value] as const,
]);

/** Another value for each value, and what else must be set for it to have an effect. */
const changes: readonly (readonly [at: string, value: unknown, also?: Values])[] = [
  ...images,
  ['dataplane.networkPolicy.namespaces', ['shop']],
  ['dataplane.networkPolicy.outsidePorts', [8443]],
  ['dataplane.networkPolicy.egress', [{ ports: [{ port: 6379 }] }]],
  ['controllerName', 'example.com/other'],
  ['watchNamespaces', ['shop']],
  ['imagePullSecrets', [{ name: 'registry' }]],
  ['commonLabels', { team: 'edge' }],
  ['commonAnnotations', { team: 'edge' }],
  ['controller.replicas', 5],
  ['controller.resources.requests', { cpu: '2' }],
  ['controller.resources.limits', { memory: '2Gi' }],
  ['controller.keysFrom', ['10.0.0.0/8']],
  ['controller.env', { NODE_OPTIONS: '--max-old-space-size=900' }],
  ['controller.extraVolumes', [{ name: 'more', emptyDir: {} }]],
  ['controller.extraVolumeMounts', [{ name: 'more', mountPath: '/more' }]],
  ['controller.podSecurityContext', { runAsUser: 1000 }],
  ['controller.securityContext', { readOnlyRootFilesystem: false }],
  ['controller.podLabels', { team: 'edge' }],
  ['controller.podAnnotations', { team: 'edge' }],
  ['controller.nodeSelector', { pool: 'edge' }],
  ['controller.tolerations', [{ key: 'edge', operator: 'Exists' }]],
  ['controller.affinity', { podAntiAffinity: {} }],
  ['controller.priorityClassName', 'high'],
  ['gatewayClass.create', false],
  ['gatewayClass.name', 'other'],
  ['gatewayClass.parameters', { replicas: 3 }],
  ['gatewayClass.parametersRef.name', 'mine'],
  ['gatewayClass.parametersRef.namespace', 'there', valueAt('gatewayClass.parametersRef.name', 'mine')],
  ['ingressClass.create', false],
  ['ingressClass.name', 'other'],
  ['ingressClass.default', true],
  ['ingressClass.gateway.create', false],
  ['ingressClass.gateway.name', 'mine'],
  ['ingressClass.gateway.namespace', 'there', valueAt('ingressClass.gateway.create', false)],
  ['ingressClass.gateway.defaultCertificate', 'mine'],
  ['redis.secretRef.name', 'redis'],
  ['redis.secretRef.key', 'address', valueAt('redis.secretRef.name', 'redis')],
  ['networkPolicy.create', false],
  ['networkPolicy.adminFrom', [{ podSelector: {} }]],
  ['networkPolicy.restrictEgress', false],
  ['networkPolicy.egressPorts', [8443]],
  ['podDisruptionBudget.create', false],
  ['podDisruptionBudget.maxUnavailable', '50%'],
  ['metrics.serviceMonitor.create', false],
  ['metrics.serviceMonitor.interval', '5s'],
  ['metrics.serviceMonitor.labels', { release: 'prometheus' }],
  ['metrics.podMonitor.create', false],
  ['metrics.podMonitor.interval', '5s'],
  ['metrics.podMonitor.labels', { release: 'prometheus' }],
  ['metrics.dashboards.create', false],
  ['metrics.dashboards.labels', { find: 'me' }],
  ['metrics.dashboards.annotations', { folder: 'edge' }],
];

/** Without a cluster they change nothing. */
const withoutEffect = ['crds.check', 'global'];

/** Values that are refused, and the words that say why. */
const refused: readonly (readonly [values: Values, words: RegExp])[] = [
  [{ replicas: 3 }, /additional properties 'replicas' not allowed/],
  [{ controller: { replica: 3 } }, /at '\/controller': additional properties 'replica' not allowed/],
  [{ controller: { replicas: 'two' } }, /at '\/controller\/replicas': got string, want integer/],
  [{ controller: { replicas: 0 } }, /at '\/controller\/replicas': minimum: got 0, want 1/],
  [{ controller: { image: { tag: 1.2 } } }, /at '\/controller\/image\/tag': got number, want string/],
  [{ controller: { image: { digest: 'abc' } } }, /at '\/controller\/image\/digest': 'abc' does not match/],
  [{ controller: { image: null } }, /at '\/controller': missing property 'image'/],
  [{ dataplane: { replicas: 3 } }, /at '\/dataplane': additional properties 'replicas' not allowed/],
  [
    { gatewayClass: { parameters: { serivce: {} } } },
    /at '\/gatewayClass\/parameters': additional properties 'serivce'/,
  ],
  [
    { gatewayClass: { parameters: { service: { type: 'Nodeport' } } } },
    /at '\/gatewayClass\/parameters\/service\/type': value must be one of 'LoadBalancer', 'NodePort', 'ClusterIP'/,
  ],
  [
    { ingressClass: { create: true, gateway: { namespace: 'there' } } },
    /ingressClass\.gateway\.namespace is that of a Gateway of your own/,
  ],
  [
    { gatewayClass: { parametersRef: { name: 'mine' } }, redis: { secretRef: { name: 'redis' } } },
    /gatewayClass\.parametersRef\.name names GatewayParameters of your own/,
  ],
  [
    {
      gatewayClass: { parameters: { rateLimitStore: { type: 'Memory' } } },
      redis: { secretRef: { name: 'redis' } },
    },
    /both say where counters live/,
  ],
  [
    { gatewayClass: { create: false }, redis: { secretRef: { name: 'redis' } } },
    /gatewayClass\.create is false, so there is no class/,
  ],
  [{ controller: { env: { POD_NAME: 'one' } } }, /controller\.env\.POD_NAME is the chart's own/],
  [{ controller: { env: { A: { valuefrom: {} } } } }, /controller\/env\/A/],
  [{ controller: { env: { A: 1 } } }, /controller\/env\/A.*/],
  [{ controller: { extraVolumes: [{ emptyDir: {} }] } }, /extraVolumes\/0': missing property 'name'/],
  [{ controller: { extraVolumes: [{ name: 'token' }] } }, /the volume token is the chart's own/],
];

describe('the chart', () => {
  let helm: HelmCommand;

  before(async () => {
    helm = await HelmCommand.prepare();
  });
  after(async () => {
    await helm?.remove();
  });

  it('passes helm lint --strict', async () => {
    assert.match(await helm.run(['lint', '--strict', chart]), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });

  it('makes of each case what stands there', async (test) => {
    const plain = await helm.template();
    const names = await readdir(cases);
    assert.ok(names.length >= 6);
    for (const name of names) {
      await test.test(name, async () => {
        const values = parse(await readFile(path.join(cases, name, 'values.yaml'), 'utf8')) as Values | null;
        const rendered = difference(
          plain,
          await helm.template(values ?? {}, '--namespace', namespaceOf(name)),
        );
        const file = path.join(cases, name, 'out.yaml');
        if (process.env['GOLDEN'] === 'write') await writeFile(file, rendered);
        assert.equal(rendered, await readFile(file, 'utf8'));
        for (const document of parseAllDocuments(rendered)) assert.deepEqual(document.errors, []);
      });
    }
  });

  it('does something with each of its values', async () => {
    const told = new Set([...changes.map(([at]) => at), ...withoutEffect]);
    assert.deepEqual(
      valuesOf(valuesJsonSchema())
        .map(({ path: at }) => at)
        .filter((at) => !told.has(at)),
      [],
    );
    const full = await helm.template(everything);
    for (const [at, value, also = {}] of changes) {
      const before = Object.keys(also).length === 0 ? full : await helm.template(merged(everything, also));
      const rendered = await helm.template(merged(merged(everything, also), valueAt(at, value)));
      assert.notEqual(rendered, before, `${at} has no effect`);
    }
  });

  it('refuses bad values with words that tell which and why', async (test) => {
    for (const [values, words] of refused) {
      await test.test(JSON.stringify(values), async () => {
        const message = await helm.refusal(['template', 'turnpike', chart], values);
        assert.match(message, words);
      });
    }
  });

  it('leaves names texts that YAML would take for numbers', async () => {
    const values = {
      ...merged(everything, { gatewayClass: { name: '1e3', parameters: { replicas: 3 } } }),
      watchNamespaces: ['4711'],
      controller: { priorityClassName: '12', env: { '1': '2' } },
    };
    const rendered = await helm.run(['template', '0815', chart, '--namespace=007'], values);
    for (const document of parseAllDocuments(rendered, { version: '1.1' })) {
      assert.deepEqual(numbersNamed(document.toJS()), []);
    }
  });

  it('leaves the user and groups to the cluster where they are taken away', async () => {
    const fields = /(?:runAsUser|runAsGroup|fsGroup):/;
    assert.match(await helm.template(), fields);
    const none = { runAsUser: null, runAsGroup: null, fsGroup: null };
    const rendered = await helm.template({ controller: { podSecurityContext: none } });
    assert.doesNotMatch(rendered, fields);
    assert.match(rendered, /runAsNonRoot: true\n *seccompProfile:\n *type: RuntimeDefault/);
  });

  it('gives the controller an address that it can read, whatever the family of the pod is', async () => {
    const [, address = ''] = /--advertise-address=(\S+)/.exec(await helm.template()) ?? [];
    assert.equal(parseHostPort(address.replace('$(POD_IP)', '10.1.2.3'))?.host, '10.1.2.3');
    assert.equal(parseHostPort(address.replace('$(POD_IP)', 'fd00::5'))?.host, 'fd00::5');
  });
});

/** The documents of `rendered` that are not in `plain`, and as comments which are missing; all, where nothing differs. */
function difference(plain: string, rendered: string): string {
  if (plain === rendered) return rendered;
  const documents = (text: string) =>
    new Map(
      text
        .split(/^---\n/m)
        .filter((one) => one.trim() !== '')
        .map((one) => {
          const { kind, metadata } = parse(one) as {
            kind: string;
            metadata: { name: string; namespace?: string };
          };
          return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, one] as const;
        }),
    );
  const [before, after] = [documents(plain), documents(rendered)];
  const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => `# Gone: ${key}\n`);
  const changed = [...after].filter(([key, text]) => before.get(key) !== text);
  return gone.join('') + changed.map(([, text]) => `---\n${text}`).join('');
}

/** The paths of all names, namespaces and labels in `value` that are no texts. */
function numbersNamed(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) {
    return typeof value !== 'string' && /(?:[nN]ame|[nN]amespace|[lL]abels\/[^ ]*)$/.test(at) ? [at] : [];
  }
  return Object.entries(value).flatMap(([name, one]) => numbersNamed(one, `${at}/${name}`));
}

/** The second of two installations is elsewhere. */
function namespaceOf(name: string): string {
  return name === 'second-installation' ? 'turnpike-canary' : 'turnpike-system';
}
