// Shapes that several kinds of the contract have in common.
import * as shape from './shape.ts';

/** A host as listeners and routes tell it. */
export const hostname = shape.pattern(/^(?:|[a-z0-9*._-]{1,253})$/, 'a host name in lower case, or empty');

/** RFC 9110 section 5.1, in lower case. */
export const fieldName = shape.pattern(/^[!#$%&'*+\-.^_`|~0-9a-z]+$/, 'a field name in lower case');

/** RFC 6265 section 4.1.1. */
export const cookieName = shape.pattern(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/, 'a name of a cookie');

/** RFC 9110 section 5.5: what cannot split a message. */
// oxlint-disable-next-line no-control-regex -- these three would split it.
export const fieldValue = shape.pattern(/^[^\0\r\n]*$/, 'a field value without CR, LF or NUL');

/** What may become part of a request line. */
// oxlint-disable-next-line no-control-regex -- these would end it.
export const pathText = shape.pattern(/^[^\0-\x20\x7f]*$/, 'a path without spaces and control characters');

/** Of TCP or UDP. */
export const port = shape.integer(1, 65_535);

/** Milliseconds. */
export const millis = shape.integer(0);

/** How many of something. */
export const count = shape.integer(0);

/** Of a hundred. */
export const percent = shape.integer(0, 100);

/** A status code of an answer. */
export const statusCode = shape.integer(100, 599);

/** A network of addresses (CIDR). */
export const network = shape.pattern(/^[0-9a-fA-F.:]{2,45}\/[0-9]{1,3}$/, 'a network such as 10.0.0.0/8');
