/** The addresses of a cluster with a node. All of 10.89.0.0/16 is its machine's, as in namespace.ts. */
export const addresses = {
  node: '10.89.0.1',
  services: '10.96.0.0/16',
  kubernetesService: '10.96.0.1',
  dnsService: '10.96.0.10',
  pods: '10.244.0.0/24',
  /** The first three bytes of the /24 from which Services of type LoadBalancer get an address by themselves. */
  automaticPool: '10.89.1',
  /** And of that which is given to those Services only that ask for an address of it. */
  onRequestPool: '10.89.2',
  /** Of clients with an address of their own (client.ts). */
  clients: '10.89.3',
} as const;

export const apiServerUrl = `https://${addresses.node}:6443`;
