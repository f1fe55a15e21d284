import { caddy } from './caddy.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { httpProxy } from './http-proxy.ts';
import { nginx } from './nginx.ts';
import type { Peer } from './peer.ts';
import { traefik } from './traefik.ts';
import { turnpike } from './turnpike.ts';
import { undici } from './undici.ts';

/** All that are put side by side, in the order of the tables. */
export const allPeers: readonly Peer[] = [nginx, haproxy, turnpike, envoy, traefik, caddy, undici, httpProxy];
