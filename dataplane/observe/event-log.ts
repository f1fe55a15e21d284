import { write } from 'node:fs';

/** How much a line asks of its reader. */
export type Level = 'info' | 'warn' | 'error';

/** Writes a line of JSON: time, level, message, and the fields given (secrets say `[redacted]` by themselves). */
export type EventLog = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A log of events on a file descriptor, in the order of the calls; a line that cannot be written is lost. */
export function createEventLog(fd: number, wallClock: () => number): EventLog {
  let last = Promise.resolve();
  return (level, message, fields = {}) => {
    const line = `${JSON.stringify({ time: new Date(wallClock()).toISOString(), level, message, ...fields })}\n`;
    last = last.then(() => written(fd, line));
  };
}

function written(fd: number, line: string): Promise<void> {
  return new Promise((resolve) => {
    write(fd, line, () => resolve());
  });
}
