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

/** Rows for the table of goals, and a table of its own, if there is more to tell. */
export interface Measured {
  readonly goals: readonly GoalRow[];
  readonly heads?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
}

/** What was aimed at and came out. */
export interface GoalRow {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  readonly isMet: boolean;
}

/** A share as percents. */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}
