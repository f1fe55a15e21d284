// What the controller's process can be told. Starts nothing, so that its reference can be made from here.

/** What `--help` prints: a usage line, a paragraph, a line or more for each option. docs/reference/options.md is made from it. */
export const controllerHelp = `usage: node controller/main.ts [OPTION ...]

One replica of Turnpike's controller. In a pod it finds the API server by itself. Each option can also be an
environment variable: TURNPIKE_PUBLISH_ADDRESS and so on.

  --kubeconfig FILE          how to reach the API server; without it, as a pod does
  --context NAME             of the kubeconfig (default: its current one)
  --namespace NAME           the controller's own (default: that of the pod or context, else turnpike-system)
  --name NAME                another for each replica (default: the host's, which is the pod's)
  --service-account NAME     the controller's own (default turnpike-controller)
  --controller-name NAME     GatewayClasses of it are ours (default turnpike.dev/gateway-controller)
  --publish-address H:P      where data planes are served (default [::]:8443; port 0 takes a free one)
  --advertise-address H:P    where other replicas reach this one (default: the host's name and that port)
  --server-names NAMES       DNS names that data planes know the controllers by, separated by commas
                             (default turnpike-controller.NAMESPACE.svc)
  --token-file FILE          the controller's own token with the audience turnpike.dev
                             (default /var/run/secrets/turnpike.dev/token)
  --admin-address H:P        health, metrics and what is published (default 127.0.0.1:9902)
  --keys-from NETWORKS       networks like 10.0.0.0/8, separated by commas, to which the uris of AuthPolicies may lead
                             though they are not public
  --watch-namespaces NAMES   read and serve only what is in these namespaces, separated by commas, and in the
                             controller's own (default all); GatewayClasses and Namespaces are read in any case
  --dataplane-image REF      the image of the data planes that are made for each Gateway; without it none are made
  --dataplane-pull-policy P  Always, IfNotPresent or Never (default: as Kubernetes chooses by the image's tag)
  --dataplane-pull-secrets S names of Secrets in the Gateways' namespaces, separated by commas
  --controller-url URL       what these data planes connect to (default https://turnpike-controller.NAMESPACE.svc:8443)
`;

/** The options as parseArgs of node:util takes them. */
export const controllerOptions = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  name: { type: 'string' },
  'service-account': { type: 'string' },
  'controller-name': { type: 'string' },
  'publish-address': { type: 'string' },
  'advertise-address': { type: 'string' },
  'server-names': { type: 'string' },
  'token-file': { type: 'string' },
  'admin-address': { type: 'string' },
  'keys-from': { type: 'string' },
  'watch-namespaces': { type: 'string' },
  'dataplane-image': { type: 'string' },
  'dataplane-pull-policy': { type: 'string' },
  'dataplane-pull-secrets': { type: 'string' },
  'controller-url': { type: 'string' },
  help: { type: 'boolean' },
} as const;
