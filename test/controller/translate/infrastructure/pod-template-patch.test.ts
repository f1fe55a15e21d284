import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patchProblem } from '#controller/translate/infrastructure/pod-template-patch.ts';
import type { PodTemplatePatch } from '#controller/translate/infrastructure/parameters.ts';

const beside = { name: 'beside', image: 'beside:1' };

/** What the platform and what the owner of a Gateway is told of a patch; null where it may stand. */
const cases: readonly (readonly [patch: PodTemplatePatch, platform: string | null, owner: string | null])[] =
  [
    [{}, null, null],
    [{ metadata: { labels: { team: 'shop' }, annotations: { contact: 'shop' } } }, null, null],
    [
      { metadata: { labels: { 'turnpike.dev/controller': 'another' } } },
      "metadata.labels: turnpike.dev/controller is Turnpike's own; remove it",
      "metadata.labels: turnpike.dev/controller is Turnpike's own; remove it",
    ],
    [{ spec: { nodeSelector: { pool: 'edge' }, tolerations: [], affinity: {} } }, null, null],
    [{ spec: { containers: [{ name: 'dataplane', resources: { limits: { cpu: 1 } } }] } }, null, null],
    [
      { spec: { hostNetwork: true } },
      null,
      'spec.hostNetwork can be set in the parameters of a GatewayClass only; remove it',
    ],
    [
      { spec: { containers: [beside] } },
      null,
      'spec.containers[0]: containers beside dataplane can be added in the parameters of a GatewayClass only; remove it',
    ],
    [
      { spec: { containers: [beside, { name: 'dataplane', image: 'mine:1' }] } },
      null,
      'spec.containers[0]: containers beside dataplane can be added in the parameters of a GatewayClass only; remove it',
    ],
    [
      { spec: { containers: [{ name: 'dataplane', image: 'mine:1' }] } },
      null,
      'spec.containers[0]: image can be set in the parameters of a GatewayClass only; remove it',
    ],
    [
      { spec: { serviceAccountName: 'default' } },
      'spec.serviceAccountName cannot be set: the data planes prove who they are by the ServiceAccount that is made for the Gateway; remove it',
      'spec.serviceAccountName cannot be set: the data planes prove who they are by the ServiceAccount that is made for the Gateway; remove it',
    ],
    [{ spec: { containers: {} } }, 'spec.containers must be a list', 'spec.containers must be a list'],
    [
      { spec: { containers: [{ image: 'mine:1' }] } },
      'spec.containers[0]: must have a name',
      'spec.containers[0]: must have a name',
    ],
  ];

/** What the owner of a Gateway may not even begin with. */
const ofPlatform: readonly (readonly [spec: object, platform: string | null])[] = [
  [{ initContainers: [beside] }, null],
  [{ initContainers: ['beside'] }, 'spec.initContainers[0]: must have a name'],
  [{ volumes: [{ name: 'more', emptyDir: {} }] }, null],
  [
    { volumes: [{ name: 'turnpike-token', emptyDir: {} }] },
    "spec.volumes[0]: turnpike-token is the data plane's own; use another name",
  ],
  [{ containers: [{ name: 'dataplane', volumeMounts: [{ name: 'more', mountPath: '/more' }] }] }, null],
  [
    {
      containers: [
        { name: 'dataplane', volumeMounts: [null, { name: 'more', mountPath: '/etc/turnpike/ca' }] },
      ],
    },
    "spec.containers[0]: volumeMounts: /etc/turnpike/ca is the data plane's own; use another path",
  ],
  [
    { containers: [{ name: 'dataplane', command: ['sh'] }] },
    "spec.containers[0]: command cannot be set: it is the data plane's own; remove it",
  ],
];

for (const [patch, platform, owner] of cases) {
  test(`the patch ${JSON.stringify(patch)} is judged by its author`, () => {
    assert.equal(patchProblem(patch, 'Platform'), platform);
    assert.equal(patchProblem(patch, 'Owner'), owner);
  });
}

for (const [spec, problem] of ofPlatform) {
  test(`the platform's patch ${JSON.stringify(spec)} is judged by what the data plane needs`, () => {
    assert.equal(patchProblem({ spec: { ...spec } }, 'Platform'), problem);
  });
}

test('no patch is no problem', () => {
  assert.equal(patchProblem(undefined, 'Owner'), null);
});
