// The namespace shop with Gateways in it, and what is made of them there.
import { eventually } from '../cluster/eventually.ts';
import type { Turnpike } from './turnpike.ts';

export const parametersRef = { group: 'turnpike.dev', kind: 'GatewayParameters', name: 'edge' };

export function gateway(name: string, infrastructure: object = {}, port = 80): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop' },
    spec: {
      gatewayClassName: 'turnpike',
      infrastructure: { labels: { team: 'shop' }, annotations: { contact: 'shop' }, ...infrastructure },
      listeners: [
        { name: 'http', protocol: 'HTTP', port },
        { name: 'other', protocol: 'HTTP', port: 9901 },
      ],
    },
  };
}

export function parameters(spec: object): object {
  return {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'GatewayParameters',
    metadata: { name: 'edge', namespace: 'shop' },
    spec,
  };
}

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly name: string }[];
  };
  readonly [field: string]: unknown;
}

export interface Service extends KubernetesObject {
  readonly spec: {
    readonly type: string;
    readonly externalTrafficPolicy?: string;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: number }[];
  };
}

export interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
      };
      readonly spec: {
        readonly tolerations: unknown;
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly image: string;
          readonly args: readonly string[];
          readonly resources: unknown;
        }[];
      };
    };
  };
}

/** What is made of a Gateway, as kubectl likes it. */
export const kindsMade = 'serviceaccount,configmap,service,deployment,daemonset,poddisruptionbudget,hpa';

/** Looks and touches in the namespace. */
export class Shop {
  readonly #turnpike: Turnpike;

  constructor(turnpike: Turnpike) {
    this.#turnpike = turnpike;
  }

  async get<T extends KubernetesObject>(object: string): Promise<T> {
    return (await this.#turnpike.get(object, 'shop')) as T;
  }

  /** `KIND/NAME` of all that is there with the label of the Gateway. */
  async all(kinds: string, of: string): Promise<readonly string[]> {
    const selector = `--selector=gateway.networking.k8s.io/gateway-name=${of}`;
    const json = await this.#turnpike.kubectl('get', kinds, '--namespace=shop', selector, '--output=json');
    const { items } = JSON.parse(json) as { readonly items: readonly KubernetesObject[] };
    return items.map((one) => `${one.kind}/${one.metadata.name}`).sort();
  }

  /** Resolves when these are all of the Gateway edge. */
  untilAll(what: string, kinds: string, expected: readonly string[]): Promise<true> {
    return eventually(what, async () =>
      (await this.all(kinds, 'edge')).join() === [...expected].sort().join() ? true : undefined,
    );
  }

  /** As somebody else than the controller. */
  async patch(object: string, patch: object, ...more: readonly string[]): Promise<void> {
    const words = ['--namespace=shop', '--type=merge', `--patch=${JSON.stringify(patch)}`];
    await this.#turnpike.kubectl('patch', object, ...words, ...more);
  }
}
