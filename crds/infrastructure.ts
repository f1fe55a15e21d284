// What a Gateway is made of in a cluster: the fields of GatewayParameters that say how its data planes run and are
// reached. No field has a default in the schema: what a Gateway's own parameters leave out is as the class says.
import * as z from 'zod';
import { amount, duration, network, noLongerThan, qualifiedKey, quantity } from './fields.ts';
import { atomicList, oneOf, setOf, withRules, type Frozen, type Rule } from './grammar.ts';
import { usageSchema } from './usage.ts';

const workload = oneOf({
  type: 'What runs the data planes: Deployment (as many as replicas or autoscaling say) or DaemonSet (one on each node).',
  variants: { Deployment: {}, DaemonSet: {} },
  common: {},
});

function amounts(words: string) {
  return z.object({
    cpu: quantity.exactOptional().describe(`CPU, such as 500m or 1: ${words}`),
    memory: quantity.exactOptional().describe(`Memory, such as 256Mi: ${words}`),
  });
}

const resources = z.object({
  requests: amounts('what the scheduler sets aside.')
    .exactOptional()
    .describe('What is set aside for a data plane. Left out: cpu 100m, memory 128Mi.'),
  limits: amounts('what it may use at most.')
    .exactOptional()
    .describe(
      'What a data plane may use at most. It runs on one core, so more than 1 cpu has no effect; a limit below that costs latency. Left out: memory 512Mi.',
    ),
});

const service = z.object({
  type: z
    .enum(['LoadBalancer', 'NodePort', 'ClusterIP'])
    .exactOptional()
    .describe('How the data planes are reached. Left out: LoadBalancer.'),
  externalTrafficPolicy: z
    .enum(['Local', 'Cluster'])
    .exactOptional()
    .describe(
      "Local keeps clients' addresses and saves a hop; Cluster spreads over all nodes and hides clients behind them. Of type ClusterIP it has no effect. Left out: Local.",
    ),
  ipFamilyPolicy: z
    .enum(['SingleStack', 'PreferDualStack', 'RequireDualStack'])
    .exactOptional()
    .describe("One address family or two. Left out: as the cluster's default says."),
  ipFamilies: atomicList(z.enum(['IPv4', 'IPv6']))
    .min(1)
    .max(2)
    .exactOptional()
    .describe("The address families, the first one first. Left out: as the cluster's default says."),
  loadBalancerClass: qualifiedKey
    .max(317)
    .exactOptional()
    .describe('Whose load balancer it is. The API server lets nobody change it of a Service that is there.'),
  loadBalancerSourceRanges: setOf(network)
    .min(1)
    .max(64)
    .exactOptional()
    .describe('Networks whose clients the load balancer lets in, such as 10.0.0.0/8. Left out: all.'),
  annotations: z
    .record(qualifiedKey, z.string().max(4096))
    .exactOptional()
    .describe(
      "Annotations of the Service, for its load balancer. Those of the Gateway's parameters are added to those of the class; the Gateway's own infrastructure.annotations come before both.",
    ),
});

const target = oneOf({
  type: 'What is measured: CPU or Memory, as the average over all data planes.',
  variants: {
    CPU: {
      cpu: z
        .object({
          averageValue: quantity.describe(
            'So much CPU each, such as 700m; one data plane can use 1 at most.',
          ),
        })
        .describe('The CPU at which there are enough data planes.'),
    },
    Memory: {
      memory: z
        .object({ averageValue: quantity.describe('So much memory each, such as 300Mi.') })
        .describe('The memory at which there are enough data planes.'),
    },
  },
  common: {},
});

const minimumFits: Rule<{ readonly minReplicas?: number; readonly maxReplicas: number }> = {
  cel: '!has(self.minReplicas) || self.minReplicas <= self.maxReplicas',
  message: 'minReplicas is more than maxReplicas: lower it, or raise maxReplicas',
  holds: ({ minReplicas, maxReplicas }) => minReplicas === undefined || minReplicas <= maxReplicas,
};

const autoscaling = withRules(
  z.object({
    minReplicas: z
      .int32()
      .min(1)
      .max(1000)
      .exactOptional()
      .describe('At least so many. Left out: 2, or maxReplicas where that is less.'),
    maxReplicas: z.int32().min(1).max(1000).describe('At most so many.'),
    targets: atomicList(target)
      .min(1)
      .max(2)
      .exactOptional()
      .describe(
        'What is measured; the one that asks for the most data planes decides. Left out: CPU with an average of 700m.',
      ),
  }),
  [minimumFits],
);

const podDisruptionBudget = oneOf({
  type: 'What holds when nodes are drained: MaxUnavailable or MinAvailable, or Unlimited for no budget.',
  variants: {
    MaxUnavailable: {
      maxUnavailable: amount.describe('So many may be away at once, such as 1 or 25%, as a text.'),
    },
    MinAvailable: {
      minAvailable: amount.describe('So many must be there at any time, such as 2 or 50%, as a text.'),
    },
    Unlimited: {},
  },
  common: {},
});

function span(longest: string, words: string): z.ZodExactOptional<z.ZodString> {
  return withRules(duration, [noLongerThan(longest)])
    .exactOptional()
    .describe(words);
}

const drain = z.object({
  accept: span(
    '10m',
    'How long a data plane that is to end still takes connections, until all load balancers have heard of it. Behind one that asks for the health of nodes (externalTrafficPolicy Local): as long as that needs to find a node unhealthy. Left out: 10s.',
  ),
  deadline: span(
    '1h',
    'How long it may take to end in all; what is then still running is cut. At least as long as accept. Left out: 60s.',
  ),
});

const podTemplatePatch = z.object({
  metadata: z
    .object({
      labels: z.record(qualifiedKey, z.string().max(63)).exactOptional().describe('Labels of the pods.'),
      annotations: z
        .record(qualifiedKey, z.string().max(262_144))
        .exactOptional()
        .describe('Annotations of the pods.'),
    })
    .exactOptional()
    .describe('Labels and annotations of the pods.'),
  spec: z
    .looseObject({})
    .exactOptional()
    .describe(
      'A part of a PodSpec. Objects are merged; containers, initContainers, volumes and env by name, volumeMounts by mountPath, ports by containerPort; other lists are replaced. The container of the data plane is named dataplane.',
    ),
});

/** The fields of `spec` that say what a Gateway is made of. */
export const infrastructureFields = {
  replicas: z
    .int32()
    .min(1)
    .max(1000)
    .exactOptional()
    .describe(
      'How many data planes. Left out, without autoscaling: 2 to begin with, and whoever scales the Deployment is not overruled.',
    ),
  workload: workload.exactOptional().describe('What runs the data planes. Left out: a Deployment.'),
  resources: resources.exactOptional().describe('CPU and memory of each data plane.'),
  service: service.exactOptional().describe('How the data planes are reached.'),
  autoscaling: autoscaling
    .exactOptional()
    .describe(
      'As many data planes as the load needs, by a HorizontalPodAutoscaler; needs the metrics API in the cluster. Left out: none. Where a Gateway says autoscaling or replicas, the class has no say in either.',
    ),
  podDisruptionBudget: podDisruptionBudget
    .exactOptional()
    .describe(
      'How many data planes may be away while nodes are drained. Left out: MaxUnavailable 1. A DaemonSet has none.',
    ),
  drain: drain.exactOptional().describe('How a data plane ends without failing a request.'),
  usage: usageSchema
    .exactOptional()
    .describe(
      'What Consumers use is kept in journals of the data planes. Left out, for the class and the Gateway: it is counted in memory alone.',
    ),
  podTemplatePatch: podTemplatePatch
    .exactOptional()
    .describe(
      "What else the pods need: laid over the pod template, the class's first, then the Gateway's. What would break the data plane is refused; a Gateway's own parameters may only set labels, annotations, nodeSelector, tolerations, affinity, topologySpreadConstraints and the resources of the container dataplane.",
    ),
};

/** What infrastructure fields there are in one GatewayParameters. */
export type InfrastructureFields = Frozen<z.infer<z.ZodObject<typeof infrastructureFields>>>;

/** A DaemonSet has a pod a node, and an autoscaler a number of its own. */
export const scalingRules: readonly Rule<InfrastructureFields>[] = [
  {
    cel: '!has(self.replicas) || !has(self.autoscaling)',
    message: 'replicas and autoscaling exclude each other: remove one of them',
    holds: (spec) => spec.replicas === undefined || spec.autoscaling === undefined,
  },
  {
    cel: "!has(self.workload) || self.workload.type != 'DaemonSet' || (!has(self.replicas) && !has(self.autoscaling))",
    message: 'a DaemonSet has one data plane on each node: remove replicas and autoscaling',
    holds: (spec) =>
      spec.workload?.type !== 'DaemonSet' || (spec.replicas === undefined && spec.autoscaling === undefined),
  },
];
