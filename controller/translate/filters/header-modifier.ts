import type { HTTPHeaderFilter } from '#crds/gateway-api.ts';
import type { HeaderEdits, HeaderValue } from '#snapshot/filter.ts';

/** The edits of a RequestHeaderModifier or ResponseHeaderModifier; of two entries for one name the first counts. */
export function headerEdits(filter: HTTPHeaderFilter): HeaderEdits {
  return {
    set: lowerCase(filter.set),
    add: lowerCase(filter.add),
    remove: [...new Set(filter.remove.map((name) => name.toLowerCase()))],
  };
}

function lowerCase(values: readonly HeaderValue[]): readonly HeaderValue[] {
  const byName = new Map<string, HeaderValue>();
  for (const { name, value } of values) {
    const lower = name.toLowerCase();
    if (!byName.has(lower)) {
      byName.set(lower, { name: lower, value });
    }
  }
  return [...byName.values()];
}
