/** Where something listens or is reached. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port`; null when it is neither. */
export function parseHostPort(text: string): HostPort | null {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  return parts === null || port > 65_535 ? null : { host: parts[1] ?? parts[2] ?? '', port };
}

/** As {@link parseHostPort} reads it. */
export function hostPortText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
