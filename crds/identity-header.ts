import { isReservedField, reservedFields } from '#snapshot/reserved-fields.ts';
import { fieldName } from './fields.ts';
import { withRules } from './grammar.ts';

/** Name of a request header that tells the backend who calls: none that belongs to the connection or the framing. */
export const identityHeader = withRules(fieldName, [
  {
    cel: `!(self.lowerAscii() in [${reservedFields.map((name) => `'${name}'`).join(', ')}])`,
    message:
      'this header belongs to the connection or the framing of the message: choose another, such as x-user',
    holds: (header) => !isReservedField(header.toLowerCase()),
  },
]);
