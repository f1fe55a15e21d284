import { isHopByHop } from './hop-by-hop.ts';
import type { Fields } from './fields.ts';

/** End-to-end field lines, each with its line end. */
export function fieldLines(fields: Fields): string {
  const { flat } = fields;
  let text = '';
  for (let at = 0; at < flat.length; at += 2) {
    if (!isHopByHop(flat[at] ?? '')) text += flat[at + 1] ?? '';
  }
  return text;
}
