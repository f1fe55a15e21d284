import { cookieName, fieldName, millis } from './field-shapes.ts';
import { isReservedField } from './reserved-fields.ts';
import type { Persistence, SessionCarrier, SessionSecret } from './sessions.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';

// Without `;`, which would begin an attribute (RFC 6265 section 4.1.1).
const cookiePath = shape.pattern(/^\/[!-:<-~]{0,1023}$/, 'a path of a cookie');

const headerName: Shape<string> = (value) => {
  const name = fieldName(value);
  if (isReservedField(name)) throw new shape.Mismatch('', 'must be a header that others may set');
  return name;
};

const carrier = variant<SessionCarrier>('kind', {
  Cookie: object({
    kind: shape.oneOf('Cookie'),
    name: cookieName,
    path: cookiePath,
    lifetime: shape.oneOf('Session', 'Permanent'),
  }),
  Header: object({ kind: shape.oneOf('Header'), name: headerName }),
});

/** Reads {@link Persistence}. */
export const persistenceShape: Shape<Persistence> = object({
  carrier,
  absoluteMs: millis,
  idleMs: millis,
});

/** Reads a {@link SessionSecret}. */
export const sessionSecretShape: Shape<SessionSecret> = object({
  kind: shape.oneOf('SessionSecret'),
  id: shape.idOf('SessionSecret'),
  secret: shape.secret(shape.text),
});
