import { framingCodeMax, nameCodes } from './known-names.ts';
import type { Fields } from './fields.ts';
import type { HeadScanner } from './head-scanner.ts';

/** The fields of a head that decide how it is framed and where it goes, gathered in one pass; for both sides. */
export interface FramingFields {
  hosts: number;
  host: string;
  lengths: number;
  length: string;
  transferEncoding: string | null;
  /** Lines joined by commas, as those of `upgrade`; `''` without any. */
  connection: string;
  upgrade: string;
  keepAlive: string;
  expect: string | null;
}

/**
 * Of the head that `scanner` has just found, whose lines are `fields`.
 *
 * Hot path: the scanner has told the names apart by numbers already.
 */
export function framingFields(scanner: HeadScanner, fields: Fields): FramingFields {
  const found: FramingFields = {
    hosts: 0,
    host: '',
    lengths: 0,
    length: '',
    transferEncoding: null,
    connection: '',
    upgrade: '',
    keepAlive: '',
    expect: null,
  };
  const { lineCount } = scanner;
  for (let line = 0; line < lineCount; line += 1) {
    const code = scanner.codeAt(line);
    if (code !== nameCodes.unknown && code <= framingCodeMax) gatherField(found, code, fields.valueAt(line));
  }
  return found;
}

function gatherField(found: FramingFields, code: number, value: string): void {
  switch (code) {
    case nameCodes.host:
      found.hosts += 1;
      found.host = value;
      break;
    case nameCodes.contentLength:
      found.lengths += 1;
      found.length = value;
      break;
    case nameCodes.transferEncoding:
      found.transferEncoding = found.transferEncoding === null ? value : `${found.transferEncoding},${value}`;
      break;
    case nameCodes.connection:
      found.connection = found.connection === '' ? value : `${found.connection},${value}`;
      break;
    case nameCodes.upgrade:
      found.upgrade = found.upgrade === '' ? value : `${found.upgrade},${value}`;
      break;
    case nameCodes.keepAlive:
      found.keepAlive = value;
      break;
    case nameCodes.expect:
      found.expect = found.expect === null ? value : `${found.expect},${value}`;
      break;
    default:
  }
}
