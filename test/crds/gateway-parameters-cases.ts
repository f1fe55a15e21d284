import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';

function parameters(spec: Json): Json {
  return manifest('GatewayParameters', spec);
}

/** One for each rule of GatewayParameters. */
export const gatewayParametersRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('Redis', 'redis'),
    valid: parameters({
      rateLimitStore: { type: 'Redis', redis: { secretRef: { name: 'redis', key: 'url' } } },
    }),
    invalid: parameters({ rateLimitStore: { type: 'Redis' } }),
  },
  {
    rule: 'mode Sentinel needs the field sentinel, and no other mode may have it: add sentinel with a masterName, remove it, or change mode',
    valid: parameters({
      rateLimitStore: {
        type: 'Redis',
        redis: {
          mode: 'Sentinel',
          secretRef: { name: 'redis', key: 'url' },
          sentinel: { masterName: 'main' },
        },
      },
    }),
    invalid: parameters({
      rateLimitStore: {
        type: 'Redis',
        redis: {
          mode: 'Cluster',
          secretRef: { name: 'redis', key: 'url' },
          sentinel: { masterName: 'main' },
        },
      },
    }),
  },
  {
    rule: 'replicas and autoscaling exclude each other: remove one of them',
    valid: parameters({ replicas: 3 }),
    invalid: parameters({ replicas: 3, autoscaling: { maxReplicas: 5 } }),
  },
  {
    rule: 'a DaemonSet has one data plane on each node: remove replicas and autoscaling',
    valid: parameters({ workload: { type: 'DaemonSet' } }),
    invalid: parameters({ workload: { type: 'DaemonSet' }, replicas: 3 }),
  },
  {
    rule: 'minReplicas is more than maxReplicas: lower it, or raise maxReplicas',
    valid: parameters({ autoscaling: { minReplicas: 5, maxReplicas: 5 } }),
    invalid: parameters({ autoscaling: { minReplicas: 6, maxReplicas: 5 } }),
  },
  {
    rule: needs('CPU', 'cpu'),
    valid: parameters({
      autoscaling: { maxReplicas: 5, targets: [{ type: 'CPU', cpu: { averageValue: '600m' } }] },
    }),
    invalid: parameters({ autoscaling: { maxReplicas: 5, targets: [{ type: 'CPU' }] } }),
  },
  {
    rule: needs('Memory', 'memory'),
    valid: parameters({
      autoscaling: { maxReplicas: 5, targets: [{ type: 'Memory', memory: { averageValue: '300Mi' } }] },
    }),
    invalid: parameters({ autoscaling: { maxReplicas: 5, targets: [{ type: 'Memory' }] } }),
  },
  {
    rule: needs('MaxUnavailable', 'maxUnavailable'),
    valid: parameters({ podDisruptionBudget: { type: 'MaxUnavailable', maxUnavailable: '25%' } }),
    invalid: parameters({ podDisruptionBudget: { type: 'MaxUnavailable' } }),
  },
  {
    rule: needs('MinAvailable', 'minAvailable'),
    valid: parameters({ podDisruptionBudget: { type: 'MinAvailable', minAvailable: '2' } }),
    invalid: parameters({ podDisruptionBudget: { type: 'Unlimited', minAvailable: '2' } }),
  },
  {
    rule: needs('PersistentVolumeClaim', 'persistentVolumeClaim'),
    valid: parameters({
      usage: {
        journal: {
          volume: { type: 'PersistentVolumeClaim', persistentVolumeClaim: { claimName: 'usage' } },
        },
      },
    }),
    invalid: parameters({ usage: { journal: { volume: { type: 'PersistentVolumeClaim' } } } }),
  },
  {
    rule: 'sizeLimit is for EmptyDir: remove it, or set type to EmptyDir',
    valid: parameters({ usage: { journal: { volume: { type: 'EmptyDir', sizeLimit: '256Mi' } } } }),
    invalid: parameters({
      usage: {
        journal: {
          volume: {
            type: 'PersistentVolumeClaim',
            persistentVolumeClaim: { claimName: 'usage' },
            sizeLimit: '256Mi',
          },
        },
      },
    }),
  },
  {
    rule: noNetwork,
    valid: parameters({ service: { loadBalancerSourceRanges: ['203.0.113.0/24'] } }),
    invalid: parameters({ service: { loadBalancerSourceRanges: ['10.0.0.0/33'] } }),
  },
  {
    rule: bitsBeyondLength,
    valid: parameters({ service: { loadBalancerSourceRanges: ['203.0.113.7/32'] } }),
    invalid: parameters({ service: { loadBalancerSourceRanges: ['203.0.113.7/24'] } }),
  },
  {
    rule: 'must be at most 10m',
    valid: parameters({ drain: { accept: '30s', deadline: '5m' } }),
    invalid: parameters({ drain: { accept: '11m' } }),
  },
  {
    rule: 'must be at most 1h',
    valid: parameters({ drain: { deadline: '1h' } }),
    invalid: parameters({ drain: { deadline: '2h' } }),
  },
];

/** Some of what types, enums, patterns and bounds refuse. */
export const gatewayParametersSchemaCases: readonly SchemaCase[] = [
  {
    kind: 'GatewayParameters',
    what: 'a claim with a name that none can have',
    path: 'spec.usage.journal.volume.persistentVolumeClaim.claimName',
    invalid: parameters({
      usage: {
        journal: {
          volume: { type: 'PersistentVolumeClaim', persistentVolumeClaim: { claimName: 'Usage Claim' } },
        },
      },
    }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a value twice in a set',
    path: 'spec.requirePolicies[1]',
    invalid: parameters({ requirePolicies: ['AuthPolicy', 'AuthPolicy'] }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a quantity that is none',
    path: 'spec.resources.limits.memory',
    invalid: parameters({ resources: { limits: { memory: '1 GB' } } }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a network that is none',
    path: 'spec.service.loadBalancerSourceRanges[0]',
    invalid: parameters({ service: { loadBalancerSourceRanges: ['10.0.0.1'] } }),
  },
  {
    kind: 'GatewayParameters',
    what: 'a pod template patch that is none',
    path: 'spec.podTemplatePatch.spec',
    invalid: parameters({ podTemplatePatch: { spec: 'hostNetwork' } }),
  },
];
