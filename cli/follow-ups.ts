// What follows from a mistake that is told already must not be told as a mistake of its own: an object that cannot be
// read is not missing, and where one field has a wrong name what its neighbours lack says nothing.
import type { FileProblem } from '#controller/files/manifest.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import { kinds, type Kind } from '#crds/kind.ts';

/** An object that is there and cannot be read. */
interface Refused {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** Tells what follows from refused objects, and from `problems` of files, from what stands for itself. */
export class FollowUps {
  readonly #refused: readonly Refused[];
  readonly #misnamed: readonly { readonly object: string | null; readonly around: string }[];

  constructor(objects: ObjectReader, problems: readonly FileProblem[]) {
    this.#refused = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
      objects.refused(kind).map(({ namespace, name }) => ({ kind, namespace, name })),
    );
    this.#misnamed = problems.flatMap(({ object, field, message }) =>
      field !== null && message.startsWith('is an unknown field')
        ? [{ object, around: field.slice(0, Math.max(0, field.lastIndexOf('.'))) }]
        : [],
    );
  }

  /** Whether `text`, said of `object` (`AuthPolicy default/shop`), only follows from what is told of another place. */
  has(object: string, text: string): boolean {
    const [, field = ''] = /(?:^|: )(spec[\w.[\]]*)[: ]/.exec(text) ?? [];
    const above = field.slice(0, Math.max(0, field.lastIndexOf('.')));
    if (
      this.#misnamed.some((one) => one.object === object && (one.around === field || one.around === above))
    ) {
      return true;
    }
    const [, kind] = /selects no (\w+) of the policy's namespace/.exec(text) ?? [];
    return this.#refused.some((one) => one.kind === kind && object.split(/[ /]/)[1] === one.namespace);
  }

  /** `text`, where it calls an object missing that only cannot be read, with that in its place. */
  corrected(text: string): string {
    return this.#refused.reduce((told, { kind, namespace, name }) => {
      const title = `${kind} ${namespace}/${name}`;
      for (const missing of [`${title} does not exist;`, `${title}, which does not exist;`]) {
        const from = told.indexOf(missing);
        if (from === -1) continue;
        const end = told.indexOf('.', from + missing.length);
        const known = missing.replace('does not exist;', 'cannot be read: correct what is told of it');
        return told.slice(0, from) + known + (end === -1 ? '' : told.slice(end));
      }
      return told;
    }, text);
  }
}
