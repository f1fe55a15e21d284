// @peculiar/x509 registers its algorithms with a container that wants three functions of the (never finished)
// metadata proposal on Reflect, and refuses to load without them. It annotates a handful of its own classes with
// them and asks for nothing else, so they are here instead of a package that patches much more.
// Imported before @peculiar/x509, for its effect.

type Key = string | symbol;
const annotations = new WeakMap<object, Map<Key, unknown>>();

const getOwnMetadata = (key: Key, target: object): unknown => annotations.get(target)?.get(key);

const getMetadata = (key: Key, target: object): unknown => {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (annotations.get(at)?.has(key) === true) return getOwnMetadata(key, at);
  }
  return undefined;
};

const defineMetadata = (key: Key, value: unknown, target: object): void => {
  const own = annotations.get(target) ?? new Map<Key, unknown>();
  annotations.set(target, own.set(key, value));
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getMetadata, getOwnMetadata, defineMetadata });
