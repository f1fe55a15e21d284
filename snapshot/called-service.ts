import type { ResourceId } from './ids.ts';
import { pathText } from './field-shapes.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

/** A service that data planes ask while a request waits. */
export interface CalledService {
  readonly cluster: ResourceId;
  /** The Host sent. */
  readonly authority: string;
  /** Begins with `/`. */
  readonly path: string;
  readonly timeoutMs: number;
}

/** Reads a {@link CalledService}. */
export const calledServiceShape: Shape<CalledService> = object({
  cluster: shape.idOf('Cluster'),
  authority: pathText,
  path: pathText,
  timeoutMs: shape.integer(1),
});
