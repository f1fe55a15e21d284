// Which edits of header fields can be made. Both planes ask here: the controller to tell a mistake in a status, the
// data plane because it does not trust what it is told with the framing of messages.
import type { HeaderEdits } from './filter.ts';
import { isReservedField } from './reserved-fields.ts';

/** A token (RFC 9110 section 5.6.2) in lower case. */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Goes over the wire as one value and arrives the same: octets, no controls but tabs, no blanks around it. */
const fieldValue = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;

/**
 * Why these edits cannot be made: a name that is no lower-case token, one that is the engine's own, or a value that
 * would not be one field value on the wire. Null when they can.
 */
export function problemOfEdits({ set, add, remove }: HeaderEdits): string | null {
  for (const name of remove) {
    if (!fieldName.test(name)) return `${JSON.stringify(name)} is not a field name`;
  }
  for (const { name, value } of [...set, ...add]) {
    if (!fieldName.test(name)) return `${JSON.stringify(name)} is not a field name`;
    if (isReservedField(name)) return `the field ${name} cannot be set by a route`;
    if (!fieldValue.test(value)) return `the value for ${name} is not a field value`;
  }
  return null;
}
