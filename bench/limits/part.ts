import type { Measured } from '../report/parts.ts';

export type { GoalRow, Measured } from '../report/parts.ts';

/** A part of the bench of limits: what it measures becomes rows of one table. */
export interface Part {
  /** For the command line. */
  readonly name: string;
  readonly title: string;
  measure(ground: Ground): Promise<Measured>;
}

export interface Ground {
  /** How often what varies is measured. */
  readonly rounds: number;
  readonly tell: (line: string) => void;
}

/** A share as percents. */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}
