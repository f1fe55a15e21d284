import { calledServiceShape } from './called-service.ts';
import {
  externalDefaults,
  type DecisionCache,
  type ExternalAuthorization,
  type ForwardedBody,
} from './external-authorization.ts';
import { fieldName } from './field-shapes.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

const cache: Shape<DecisionCache> = object({ headers: shape.list(fieldName), forMs: shape.integer(1) });

const body: Shape<ForwardedBody> = object({
  bytesMax: shape.integer(1),
  beyond: shape.oneOf('Refuse', 'Truncate'),
});

/** Reads an {@link ExternalAuthorization}. */
export const externalAuthorizationShape: Shape<ExternalAuthorization> = object({
  service: calledServiceShape,
  headersToService: shape.nullable(shape.list(fieldName)),
  headersToBackend: shape.nullable(shape.list(fieldName)),
  headersToClient: shape.nullable(shape.list(fieldName)),
  failOpen: shape.flag,
  cache: shape.nullable(cache),
  ...shape.defaulted(
    {
      protocol: shape.oneOf('HTTP', 'GRPC'),
      host: shape.oneOf('Request', 'Service'),
      body: shape.nullable(body),
      context: shape.list(object({ name: shape.text, value: shape.text })),
    },
    externalDefaults,
  ),
});
