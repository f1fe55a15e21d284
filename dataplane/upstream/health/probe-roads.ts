import { Breaker } from '../breaker.ts';
import { ConnectionRoom } from '../connection-room.ts';
import { Http1Pool } from '../http1/pool.ts';
import { Http2Pool } from '../http2/pool.ts';
import { ownHeader } from '../proxy-header.ts';
import type { ClientTls } from '../client-tls.ts';
import type { UpstreamCluster } from '../cluster.ts';
import type { ProbeRoads } from './probe.ts';

/** As requests to `cluster` go, but beside the connections that are counted. `grpcTls`: for HTTP/2 whatever they speak. */
export function probeRoads(cluster: UpstreamCluster, grpcTls: ClientTls | null): ProbeRoads {
  const { around, connections, proxyProtocol } = cluster;
  const room = new ConnectionRoom(new Breaker(unlimited), around);
  const header = proxyProtocol === null ? null : ownHeader(proxyProtocol);
  return {
    around,
    tls: cluster.tls,
    header,
    roadTo(to, check) {
      const terms = { around, connections, room };
      if (check === 'GRPC') return new Http2Pool(to, { ...terms, tls: grpcTls }, header);
      const { tls, speaksHttp2 } = cluster;
      const reached = { ...terms, tls };
      return speaksHttp2 ? new Http2Pool(to, reached, header) : new Http1Pool(to, reached, header);
    },
  };
}

const unlimited = { connectionsMax: 0, pendingMax: 0, requestsMax: 0, retriesMax: 0 };
