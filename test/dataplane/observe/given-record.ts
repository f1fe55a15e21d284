import { inTheClear } from '#dataplane/http/exchange.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';

/** A GET through the route of a shop that went well. */
export function recordOf(parts: Partial<RequestRecord> = {}): RequestRecord {
  return {
    port: 80,
    listener: 'web',
    route: 'HTTPRoute/shop/cart',
    rule: '0',
    cluster: 'shop/cart:80',
    endpoint: '10.0.0.7:8080',
    protocol: 'HTTP/1.1',
    method: 'GET',
    host: 'shop.example.com',
    path: '/cart',
    status: 200,
    grpcStatus: null,
    failure: null,
    bytesIn: 0,
    bytesOut: 120,
    startedMs: 1000,
    durationMs: 1.23456,
    attempts: 1,
    client: {
      address: '192.0.2.1',
      port: 40_000,
      peer: '192.0.2.1',
      ...inTheClear,
    },
    userAgent: 'curl/8.9',
    requestId: 'r-1',
    subject: null,
    shadowed: null,
    upgraded: false,
    ...parts,
  };
}
