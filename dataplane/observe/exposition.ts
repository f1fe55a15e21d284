import { setImmediate } from 'node:timers/promises';

/** One metric with its samples, as Prometheus' text format 0.0.4 shows it. */
export interface MetricFamily {
  /** With the unit as the format wants it: `_seconds`, `_bytes`, and `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: Iterable<Sample>;
}

/** One line of a family. */
export interface Sample {
  /** What stands behind the family's name, for histograms: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  /** `{name="value",...}`, by {@link labelText}, or `''`. */
  readonly labels: string;
  readonly value: number;
}

/** A family of one value without labels, or of samples. */
export function counter(name: string, help: string, value: number | Iterable<Sample>): MetricFamily {
  return { name, help, type: 'counter', samples: samplesOf(value) };
}

/** The same for what also falls. */
export function gauge(name: string, help: string, value: number | Iterable<Sample>): MetricFamily {
  return { name, help, type: 'gauge', samples: samplesOf(value) };
}

function samplesOf(value: number | Iterable<Sample>): Iterable<Sample> {
  return typeof value === 'number' ? [{ labels: '', value }] : value;
}

/** Lines after which others get their turn on the loop: a large scrape must not delay requests. */
const linesAtATime = 2000;

/** The text of all families, in their order; families without samples are left out. */
export async function exposition(families: Iterable<MetricFamily>): Promise<string> {
  const parts: string[] = [];
  let lines = 0;
  for (const { name, help, type, samples } of families) {
    let begun = false;
    for (const { suffix = '', labels, value } of samples) {
      if (!begun) parts.push(`# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${type}\n`);
      begun = true;
      parts.push(`${name}${suffix}${labels} ${numberText(value)}\n`);
      lines += 1;
      if (lines % linesAtATime === 0) await setImmediate();
    }
  }
  return parts.join('');
}

/** Labels in the order given; values are escaped as the format wants. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** `labels` with one more at the end; `value` needs no escape. */
export function withLabel(labels: string, name: string, value: string): string {
  return labels === '' ? `{${name}="${value}"}` : `${labels.slice(0, -1)},${name}="${value}"}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function helpText(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
