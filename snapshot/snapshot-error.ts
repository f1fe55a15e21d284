/**
 * NotJson: the text is no JSON. UnknownKind: a resource of a newer build. Invalid: a field is missing
 * or not what it must be. Closing: that
 * of a resource that asks something of requests: what was there before may ask less and must not stand for it. LineTooLong: a peer sends a line over the limit, or more than may be pending.
 */
export type SnapshotFailure = 'NotJson' | 'UnknownKind' | 'Invalid' | 'Closing' | 'LineTooLong';

/** Something of the contract could not be read; names the resource and the field, never a value. */
export class SnapshotError extends Error {
  readonly failure: SnapshotFailure;
  /** The resource's id, when one could be read. */
  readonly id: string | null;
  /** The field, as in `rules[0].matches[2].path.value`; `''` for the whole. */
  readonly path: string;
  /** What is wrong there, without id and path. */
  readonly problem: string;

  constructor(failure: SnapshotFailure, at: { id: string | null; path: string; problem: string }) {
    const place = [at.id, at.path].filter((part) => part !== null && part !== '').join(': ');
    super(place === '' ? at.problem : `${place}: ${at.problem}`);
    this.name = 'SnapshotError';
    this.failure = failure;
    this.id = at.id;
    this.path = at.path;
    this.problem = at.problem;
  }
}
