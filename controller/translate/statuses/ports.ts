// What is told of ports that data planes cannot open: they try again every second, so all of it passes by itself.
import { portKey, portWord } from '#snapshot/port-key.ts';
import type { GatewayModel } from '../gateway.ts';
import { wordsOf } from '../conditions.ts';
import type { ListenerShape } from '../listeners.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { Notice } from '../translation.ts';

/** Why a listener that could be served is not, on some data plane at least; null when all have its port open. */
export function portProblem(
  read: Read,
  gateway: GatewayModel,
  shape: ListenerShape,
): Extract<Problem, { kind: 'PortUnavailable' }> | null {
  const dataPlanes = read.dataPlanes(gateway.key);
  const unbound = dataPlanes?.unbound.get(portKey(shape));
  return dataPlanes === undefined || unbound === undefined
    ? null
    : { kind: 'PortUnavailable', port: portWord(shape), ready: dataPlanes.ready, ...unbound };
}

/** Of `served`, the listeners whose port is closed: on every data plane, and on some. */
export function closedPorts(
  read: Read,
  gateway: GatewayModel,
  served: readonly ListenerShape[],
): { readonly everywhere: readonly string[]; readonly somewhere: readonly string[] } {
  const closed = served.flatMap((shape) => {
    const problem = portProblem(read, gateway, shape);
    return problem === null ? [] : [{ name: shape.name, problem }];
  });
  return {
    everywhere: closed
      .filter(({ problem }) => problem.dataPlanes.length >= problem.ready)
      .map(({ name }) => name),
    somewhere: closed.map(({ name }) => name),
  };
}

/** One for each closed port, with what is to be said when it is over. */
export function portNotices(
  read: Read,
  gateway: GatewayModel,
  served: readonly ListenerShape[],
): readonly Notice[] {
  const { namespace, name } = gateway;
  const byPort = new Map(served.map((shape) => [portKey(shape), shape]));
  return [...byPort.values()].flatMap((shape) => {
    const problem = portProblem(read, gateway, shape);
    return problem === null
      ? []
      : [
          {
            object: { kind: 'Gateway', namespace, name },
            reason: 'PortUnavailable',
            message: wordsOf(problem).message,
            over: {
              reason: 'PortAvailable',
              message: `No data plane reports port ${problem.port} as unavailable any more.`,
            },
          },
        ];
  });
}
