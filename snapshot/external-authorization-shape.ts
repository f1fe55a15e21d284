import { calledServiceShape } from './called-service.ts';
import type { DecisionCache, ExternalAuthorization } from './external-authorization.ts';
import { fieldName } from './field-shapes.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

const cache: Shape<DecisionCache> = object({ headers: shape.list(fieldName), forMs: shape.integer(1) });

/** Reads an {@link ExternalAuthorization}. */
export const externalAuthorizationShape: Shape<ExternalAuthorization> = object({
  service: calledServiceShape,
  headersToService: shape.list(fieldName),
  headersToBackend: shape.list(fieldName),
  headersToClient: shape.list(fieldName),
  failOpen: shape.flag,
  cache: shape.nullable(cache),
});
