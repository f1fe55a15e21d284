/** What went wrong with the world around the tests: a tool that is not there, a program that failed, a wait that ended. */
export type ClusterFailure = 'missing' | 'not-permitted' | 'command' | 'exited' | 'deadline';

/** The only error this folder throws on purpose. Its message says what to do about it, and carries log lines where there are some. */
export class ClusterError extends Error {
  readonly failure: ClusterFailure;

  constructor(failure: ClusterFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.failure = failure;
  }
}
