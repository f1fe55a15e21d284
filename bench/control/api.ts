import assert from 'node:assert/strict';
import type { ControlPlane } from '#e2e/cluster/control-plane.ts';

const places: Readonly<Record<string, string>> = {
  HTTPRoute: '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes',
  Service: '/api/v1/namespaces/default/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
};
const atOnce = 10;

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

async function send(
  cluster: ControlPlane,
  method: 'POST' | 'PUT',
  place: string,
  object: object,
): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await cluster.fetch(place, { method, headers, body: JSON.stringify(object) });
  const answer = await response.text();
  assert.ok(response.ok, answer);
}

/** Creates it; resolves with the API server's answer. */
export function create(cluster: ControlPlane, object: object): Promise<void> {
  return send(cluster, 'POST', places[(object as Named).kind] ?? '', object);
}

/** Writes it anew. */
export function replace(cluster: ControlPlane, object: object): Promise<void> {
  const { kind, metadata } = object as Named;
  return send(cluster, 'PUT', `${places[kind]}/${metadata.name}`, object);
}

/** Creates them in their order, ten at once. */
export async function createAll(cluster: ControlPlane, objects: readonly object[]): Promise<void> {
  const left = objects.values();
  const next = async () => {
    for (const object of left) await create(cluster, object);
  };
  await Promise.all(Array.from({ length: atOnce }, next));
}

/** A watch that counts: what it hears goes to `hear`. The answer ends it. */
export async function watch(
  cluster: ControlPlane,
  place: string,
  hear: (object: unknown) => void,
): Promise<() => void> {
  const stop = new AbortController();
  const response = await cluster.fetch(`${place}${place.includes('?') ? '&' : '?'}watch=1`, {
    signal: stop.signal,
  });
  assert.ok(response.ok && response.body !== null);
  void read(response.body as AsyncIterable<Uint8Array>, hear).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return () => stop.abort();
}

async function read(body: AsyncIterable<Uint8Array>, hear: (object: unknown) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear((JSON.parse(line) as { readonly object: unknown }).object);
  }
}

/** The Gateway of all subjects. */
export const gatewayPlace =
  '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways?fieldSelector=metadata.name%3Dedge';
export const routesPlace = places['HTTPRoute'] ?? '';

/** Where it is in a sorted row. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}
