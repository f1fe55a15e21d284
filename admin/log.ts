/** Words and figures that go with an event. Never a secret: who logs one has made it a plain value before. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Says what happens, one JSON object a line: `time`, `level`, `event`, then the fields. An event is one word in
 * PascalCase that stays; what it means for an operator, where that is not plain, goes into the field `note`.
 */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A log that hands its lines to `write`. */
export function createLog(write: (line: string) => void, now: () => number): Log {
  const line =
    (level: string) =>
    (event: string, fields: LogFields = {}) => {
      const shown = Object.entries(fields).map(([name, value]) => [name, shownValue(value)]);
      write(
        `${JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...Object.fromEntries(shown) })}\n`,
      );
    };
  return Object.freeze({ info: line('info'), warn: line('warn'), error: line('error') });
}

/** An error as its message and those of its causes: stacks are for bugs, which die loudly. */
function shownValue(value: unknown): unknown {
  if (!(value instanceof Error)) {
    return typeof value === 'bigint' ? value.toString() : value;
  }
  const cause = value.cause instanceof Error ? `: ${String(shownValue(value.cause))}` : '';
  return `${value.message}${cause}`;
}
