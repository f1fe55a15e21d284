import { Mismatch, type Shape } from '#snapshot/shape.ts';

/** What `shape` reads of a JSON text; null for another. */
export function parsed<T>(text: string, shape: Shape<T>): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return shape(value);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Mismatch) return null;
    throw error;
  }
}
