/** Why a folder cannot be read at all. */
export type FilesFailure = 'notFound' | 'notAFolder' | 'unreadable';

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
  notFound: 'there is no such folder',
  notAFolder: 'is not a folder',
  unreadable: 'cannot be read',
} satisfies Record<FilesFailure, string>;
