// The pod of a data plane: one container, restricted Pod Security, nothing to write to but memory.
import { ownContainer, ownVolumes } from '#controller/translate/infrastructure/own-names.ts';
import type { WantedInfrastructure } from '#controller/translate/infrastructure/infrastructure.ts';
import type { UsageJournal } from '#controller/translate/infrastructure/parameters.ts';
import { labelsOf, selectorLabels } from './labels.ts';
import { mergePatch, type Json } from './merge-patch.ts';
import type { Platform } from './platform.ts';

/** The port of a pod for health, metrics and running config; named `admin`. */
export const adminPort = 9901;

const { authorities, token, state, usage } = ownVolumes;

/** What is left of the grace period after the drain, for the process to end. */
const endSeconds = 5;

/** Without capabilities a pod binds low ports by this; the restricted Pod Security allows it. */
const lowPorts = { name: 'net.ipv4.ip_unprivileged_port_start', value: '0' };

/** A PodTemplateSpec. */
export interface PodTemplate {
  readonly metadata: Json;
  readonly spec: Json;
}

/** The template of the pods, patches laid over it. What patches say of a field is the API server's to refuse. */
export function podTemplate(infrastructure: WantedInfrastructure, platform: Platform): PodTemplate {
  const { annotations, parameters } = infrastructure;
  const labels = labelsOf(infrastructure, platform.controllerName);
  const { metadata = {}, spec = {} } = parameters.podTemplatePatches.reduce<Patch>(mergePatch, {});
  // On the node's own network the node says which ports are low, and the API server refuses a pod that says it.
  const sysctls = spec['hostNetwork'] === true ? [] : [lowPorts];
  return {
    metadata: mergePatch({ labels, annotations }, metadata),
    spec: mergePatch(podSpec(infrastructure, platform, sysctls), spec),
  };
}

type Patch = WantedInfrastructure['parameters']['podTemplatePatches'][number];

function podSpec(infrastructure: WantedInfrastructure, platform: Platform, sysctls: readonly Json[]): Json {
  const { parameters, name } = infrastructure;
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: Math.ceil(parameters.drain.deadlineSeconds) + endSeconds,
    ...(platform.pullSecrets.length === 0
      ? {}
      : { imagePullSecrets: platform.pullSecrets.map((secret) => ({ name: secret })) }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
      sysctls,
    },
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selectorLabels(infrastructure) },
        // Of the pods of one version, so that a rolling update spreads as well as its predecessor.
        matchLabelKeys: ['pod-template-hash'],
      }),
    ),
    containers: [container(infrastructure, platform)],
    volumes: [
      { name: authorities.name, configMap: { name, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        name: token.name,
        projected: {
          sources: [
            { serviceAccountToken: { audience: platform.audience, expirationSeconds: 3600, path: 'token' } },
          ],
        },
      },
      // Certificates and credentials are in it: never on a disk.
      { name: state.name, emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      ...(parameters.usage === null ? [] : [{ name: usage.name, ...usageVolume(parameters.usage) }]),
    ],
  };
}

function container(
  { namespace, gateway, parameters }: WantedInfrastructure,
  { image, pullPolicy, controllerUrl }: Platform,
): Json {
  const { drain, resources } = parameters;
  return {
    name: ownContainer,
    image,
    ...(pullPolicy === null ? {} : { imagePullPolicy: pullPolicy }),
    args: [
      `--gateway=${namespace}/${gateway}`,
      `--controller=${controllerUrl}`,
      `--ca-file=${authorities.mountPath}/ca.crt`,
      `--token-file=${token.mountPath}/token`,
      `--state-folder=${state.mountPath}`,
      `--admin-address=[::]:${adminPort}`,
      `--reserved-port=${adminPort}`,
      `--drain-accept=${drain.acceptSeconds}`,
      `--drain-deadline=${drain.deadlineSeconds}`,
      ...(parameters.usage === null ? [] : [`--usage-journal=${usage.mountPath}`]),
    ],
    env: [
      // Of the memory limit; the rest is for sockets, TLS and the snapshot.
      { name: 'NODE_OPTIONS', value: '--max-old-space-size-percentage=60' },
      // By which the snapshot tells where the pod runs; on the node's own network the host has another name.
      { name: 'TURNPIKE_INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    ports: [{ name: 'admin', containerPort: adminPort, protocol: 'TCP' }],
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { ...authorities, readOnly: true },
      { ...token, readOnly: true },
      state,
      ...(parameters.usage === null ? [] : [usage]),
    ],
    ...probes,
  };
}

function usageVolume(journal: UsageJournal): Json {
  return journal.kind === 'EmptyDir'
    ? { emptyDir: { sizeLimit: journal.sizeLimit } }
    : { persistentVolumeClaim: { claimName: journal.claimName } };
}

function page(path: string): Json {
  return { path, port: 'admin', scheme: 'HTTP' };
}

/**
 * Asked each second until it is ready once, so that it takes traffic at once; then rarely, as hundreds of pods on a
 * node would keep its kubelet busy, and a pod that ends is out of its Service without any probe. A loop that is busy
 * for a while must not be killed for it.
 */
const probes: Json = {
  startupProbe: { httpGet: page('/readyz'), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 900 },
  readinessProbe: { httpGet: page('/readyz'), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2 },
  livenessProbe: { httpGet: page('/livez'), periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
};
