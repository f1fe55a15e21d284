/** Why a folder cannot be read at all. */
export type FilesFailure = 'NotFound' | 'NotAFolder' | 'Unreadable';

/** The folder itself is at fault; what stands in its files is told as problems instead. */
export class FilesError extends Error {
  readonly failure: FilesFailure;
  readonly folder: string;

  constructor(failure: FilesFailure, folder: string, cause?: unknown) {
    super(`${folder}: ${words[failure]}`, { cause });
    this.name = 'FilesError';
    this.failure = failure;
    this.folder = folder;
  }
}

const words = {
  NotFound: 'there is no such folder',
  NotAFolder: 'is not a folder',
  Unreadable: 'cannot be read',
} satisfies Record<FilesFailure, string>;
