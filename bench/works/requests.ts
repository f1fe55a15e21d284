// Works of HTTP/1.1 that wrk loads: small answers, everything on, 100 KB, 64 KB of content, TLS on connections that stay.
import { allPeers } from '../peers/catalog.ts';
import { envoy } from '../peers/envoy.ts';
import { nginx } from '../peers/nginx.ts';
import { httpProxy } from '../peers/http-proxy.ts';
import { turnpikeFull, turnpikeWithPolicies } from '../peers/turnpike.ts';
import { wrk } from '../loads/wrk.ts';
import { cpuEach, usualPace } from './work.ts';
import type { Work } from './work.ts';

const figure = { name: 'CPU a request', unit: 'µs' };
const usual = { figure, peers: allPeers, pace: usualPace, references: ['nginx', 'Envoy'] };

function loaded(path: string, scheme: 'http' | 'https' = 'http'): Work['measure'] {
  return (run) => {
    const url = `${scheme}://127.0.0.1:${run.port}${path}`;
    const uploads = path === '/bench/upload';
    return cpuEach(run, () =>
      wrk(run.cores, { url, fields: run.peer.fields, seconds: run.seconds, uploads }),
    );
  };
}

/** 70 octets for a GET. */
export const small: Work = {
  ...usual,
  name: 'small',
  title: 'HTTP/1.1, small GET, 64 connections',
  front: 'Http1',
  backend: 'answers',
  goals: [
    { peer: 'Turnpike', to: 'nginx', must: 1.3, aim: 1.15 },
    { peer: 'Turnpike', to: 'Envoy', must: 0.5, aim: null },
  ],
  measure: loaded('/bench/small?x=1'),
};

/** The same with all that Turnpike has, beside others with nothing on. */
export const everything: Work = {
  ...small,
  name: 'everything',
  title: 'The same with everything on in Turnpike, and nothing in the others',
  peers: [nginx, envoy, turnpikeWithPolicies, turnpikeFull, httpProxy],
  references: [...usual.references, httpProxy.name],
  goals: [
    { peer: turnpikeWithPolicies.name, to: 'nginx', must: 2, aim: null },
    { peer: turnpikeWithPolicies.name, to: httpProxy.name, must: 0.333, aim: null },
    { peer: turnpikeFull.name, to: 'nginx', must: 1.8, aim: 1.5 },
    { peer: turnpikeFull.name, to: 'Envoy', must: 0.6, aim: null },
  ],
};

/** Large answers. */
export const large: Work = {
  ...usual,
  name: 'large',
  title: 'HTTP/1.1, answers of 100 KB, 64 connections',
  front: 'Http1',
  backend: 'answers',
  goals: [{ peer: 'Turnpike', to: 'nginx', must: 1.45, aim: 1.2 }],
  measure: loaded('/bench/large'),
};

/** Large requests. */
export const upload: Work = {
  ...usual,
  name: 'upload',
  title: 'HTTP/1.1, POST of 64 KB, 64 connections',
  front: 'Http1',
  backend: 'taking',
  goals: [{ peer: 'Turnpike', to: 'nginx', must: 1, aim: null }],
  measure: loaded('/bench/upload'),
};

/** Small answers over TLS. */
export const tls: Work = {
  ...usual,
  name: 'tls',
  title: 'TLS 1.3, small GET, 64 connections that stay',
  front: 'Tls',
  backend: 'answers',
  goals: [{ peer: 'Turnpike', to: 'nginx', must: 1.25, aim: 1.15 }],
  measure: loaded('/bench/small?x=1', 'https'),
};
