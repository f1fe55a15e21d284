/** How bytes come to a port. */
export type PortProtocol = 'TCP' | 'UDP';

/** A port as Kubernetes writes those of Services, for example `53/UDP`: of one number and two protocols are two. */
export type PortKey = `${number}/${PortProtocol}`;

/** A port, or what has one: a listener. */
interface Ported {
  readonly port: number;
  readonly protocol: string;
}

/** The key of a port, or of that of a listener: datagrams have ports of their own, all else comes by TCP. */
export function portKey({ port, protocol }: Ported): PortKey {
  return `${port}/${protocol === 'UDP' ? 'UDP' : 'TCP'}`;
}

/** The port as people read it: the number alone, unless it is one of UDP. */
export function portWord({ port, protocol }: Ported): string {
  return protocol === 'UDP' ? `${port}/UDP` : `${port}`;
}
