// Bans that keep nobody out, and let nobody in: their statuses know no time, and that of one without a Gateway is good.
import type { ObjectReader } from '#controller/translate/input.ts';

/** A line for each Ban that has expired, or whose namespace has no Gateway. */
export function idleBanLines(objects: ObjectReader, nowMs: number): readonly string[] {
  // One that cannot be read is told of for itself.
  const served = new Set(
    [...objects.list('Gateway').map(({ metadata }) => metadata), ...objects.refused('Gateway')].map(
      ({ namespace }) => namespace,
    ),
  );
  return objects.list('Ban').flatMap(({ metadata: { namespace, name }, spec: { expires } }) => {
    const title = `Ban ${namespace}/${name}`;
    if (expires !== undefined && Date.parse(expires) <= nowMs)
      return [`${title}: spec.expires: it is over since ${expires}: delete it, or let it end later`];
    return served.has(namespace) ? [] : [`${title}: ${noGateway(namespace)}`];
  });
}

/** Why Bans of a namespace hold nowhere, with the remedy. */
export function noGateway(namespace: string): string {
  return `there is no Gateway in namespace ${namespace}, and Bans hold for those of their own namespace alone: write it where the Gateways are`;
}
