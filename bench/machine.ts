import os from 'node:os';

/** What figures were measured on. */
export function machine(): string {
  const [processor] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${processor?.model ?? 'unknown'}, ${os.cpus().length} processors, ${memory} GiB, ${os.type()} ${os.release()}`;
}
