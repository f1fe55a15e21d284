// Settings of ClientPolicies as a port and a listener have them. What they leave out is as it is by default.
import { octetCount } from '#crds/fields.ts';
import type { ClientGroups } from '#crds/client-settings.ts';
import { clientDefaults, listenerTlsDefaults } from '#snapshot/client-defaults.ts';
import type { ClientAddress, ClientLimits, ClientRules } from '#snapshot/client-settings.ts';
import type { ListenerTls } from '#snapshot/listener.ts';
import { milliseconds } from './cluster-settings.ts';

type Timeouts = Pick<ClientLimits, Extract<keyof ClientLimits, `${string}TimeoutMs`>>;
type Limits = Omit<ClientLimits, keyof Timeouts>;

/** The rules of a port for which `groups` hold; those of its limits that hold for all ports are `ofGateway`'s. */
export function clientRules(groups: ClientGroups, ofGateway: ClientGroups): ClientRules {
  const { proxyProtocol, forwardedHeaders, protocols, http2 } = groups;
  const defaults = clientDefaults;
  return {
    limits: { ...limitsOf(groups, ofGateway), ...timeoutsOf(groups) },
    clientAddress: addressOf(groups.clientAddress),
    forwarded: {
      xForwarded: forwardedHeaders?.xForwarded ?? defaults.forwarded.xForwarded,
      forwarded: forwardedHeaders?.forwarded ?? defaults.forwarded.forwarded,
    },
    proxyProtocol:
      proxyProtocol === undefined
        ? defaults.proxyProtocol
        : { sources: proxyProtocol.sources, mode: proxyProtocol.mode ?? 'Required' },
    protocols: {
      http1: protocols?.http1 ?? defaults.protocols.http1,
      http2: protocols?.http2 ?? defaults.protocols.http2,
    },
    http2: {
      streamsMax: http2?.maxConcurrentStreams ?? defaults.http2.streamsMax,
      resetsPerSecondMax: http2?.maxResetsPerSecond ?? defaults.http2.resetsPerSecondMax,
    },
    grpcWeb: protocols?.grpcWeb ?? defaults.grpcWeb,
  };
}

function limitsOf({ limits = {} }: ClientGroups, { limits: ofGateway = {} }: ClientGroups): Limits {
  const defaults = clientDefaults.limits;
  return {
    connectionsMax: ofGateway.maxConnections ?? defaults.connectionsMax,
    connectionsPerAddressMax: ofGateway.maxConnectionsPerAddress ?? defaults.connectionsPerAddressMax,
    bufferedBytesMax: octets(ofGateway.maxBufferedBytes) ?? defaults.bufferedBytesMax,
    requestsPerConnectionMax: limits.maxRequestsPerConnection ?? defaults.requestsPerConnectionMax,
    headBytesMax: octets(limits.maxHeadBytes) ?? defaults.headBytesMax,
    requestLineBytesMax: octets(limits.maxRequestLineBytes) ?? defaults.requestLineBytesMax,
    fieldCountMax: limits.maxHeaders ?? defaults.fieldCountMax,
    bodyBytesMax: octets(limits.maxBodyBytes) ?? defaults.bodyBytesMax,
    bodyRateMin: octets(limits.minBodyRate) ?? defaults.bodyRateMin,
  };
}

function timeoutsOf({ timeouts = {} }: ClientGroups): Timeouts {
  const defaults = clientDefaults.limits;
  return {
    firstByteTimeoutMs: milliseconds(timeouts.firstByte) ?? defaults.firstByteTimeoutMs,
    headTimeoutMs: milliseconds(timeouts.head) ?? defaults.headTimeoutMs,
    idleTimeoutMs: milliseconds(timeouts.idle) ?? defaults.idleTimeoutMs,
    bodyTimeoutMs: milliseconds(timeouts.body) ?? defaults.bodyTimeoutMs,
    sendTimeoutMs: milliseconds(timeouts.send) ?? defaults.sendTimeoutMs,
    handshakeTimeoutMs: milliseconds(timeouts.handshake) ?? defaults.handshakeTimeoutMs,
    tunnelIdleTimeoutMs: milliseconds(timeouts.tunnelIdle) ?? defaults.tunnelIdleTimeoutMs,
  };
}

function addressOf(address: ClientGroups['clientAddress']): ClientAddress {
  if (address === undefined || address.type === 'Connection') {
    return clientDefaults.clientAddress;
  }
  const { xForwardedFor } = address;
  switch (xForwardedFor.type) {
    case 'Hops':
      return { kind: 'Hops', hops: xForwardedFor.hops };
    case 'Sources':
      return { kind: 'Sources', sources: xForwardedFor.sources };
    default:
      return xForwardedFor satisfies never;
  }
}

/** How a listener for which `tls` holds shakes hands, but for client certificates: those the Gateway tells. */
export function listenerTls(tls: ClientGroups['tls']): Omit<ListenerTls, 'clientCertificates'> {
  const { minVersion, cipherSuites, alpn } = listenerTlsDefaults;
  return {
    minVersion: tls?.minVersion ?? minVersion,
    cipherSuites: tls?.cipherSuites ?? cipherSuites,
    alpn: tls?.alpn ?? alpn,
  };
}

function octets(text: string | undefined): number | null {
  return text === undefined ? null : octetCount(text);
}
