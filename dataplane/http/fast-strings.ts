/** Reads of a property after which V8 has surely looked at what it keeps of them; it begins to after eight. */
const reads = 1000;

/**
 * Gives the methods of strings their fast form back, after all modules are loaded.
 *
 * Hot path: V8 turns `String.prototype` into a dictionary when a class extends String, as one of the Redis client's
 * does; then each method of a string that optimised code calls is looked up by a call first, some hundred times a
 * request. Strings themselves never undo that; reading through an object that inherits from it does.
 */
export function restoreStringMethods(): void {
  const inheriting: { readonly charCodeAt?: unknown } = Object.create(String.prototype);
  for (let at = 0; at < reads; at += 1) readMethod(inheriting);
}

function readMethod(inheriting: { readonly charCodeAt?: unknown }): unknown {
  return inheriting.charCodeAt;
}
