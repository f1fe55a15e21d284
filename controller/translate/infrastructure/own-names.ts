// Names within what is made for Gateways: controller/provision makes it with them, patches must leave them alone.

/** The label by which a controller finds what it has made. */
export const controllerLabel = 'turnpike.dev/controller';

/** The container of the data plane. */
export const ownContainer = 'dataplane';

/** The volumes that a data plane cannot do without, and where it finds them. */
export const ownVolumes = Object.freeze({
  authorities: { name: 'turnpike-ca', mountPath: '/etc/turnpike/ca' },
  token: { name: 'turnpike-token', mountPath: '/var/run/secrets/turnpike.dev' },
  state: { name: 'turnpike-state', mountPath: '/var/lib/turnpike' },
  usage: { name: 'turnpike-usage', mountPath: '/var/lib/turnpike-usage' },
});
