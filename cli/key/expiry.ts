/**
 * When a key ends that is told to end at `text`, RFC 3339 in UTC: a time, a day (at its begin), or after `90d`, `12h`.
 * Throws a TypeError that tells what can be told.
 */
export function expiryOf(text: string, nowMs: number): string {
  const [, count, unit] = /^([1-9][0-9]{0,4})([dh])$/.exec(text) ?? [];
  const ms =
    count === undefined ? timeOf(text) : nowMs + Number(count) * (unit === 'd' ? 86_400_000 : 3_600_000);
  if (Number.isNaN(ms)) {
    throw new TypeError(
      `--expires ${text}: tell a day such as 2027-06-30, a time such as 2027-06-30T12:00:00Z, or 90d`,
    );
  }
  if (ms <= nowMs) throw new TypeError(`--expires ${text}: that is over already`);
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function timeOf(text: string): number {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
}
