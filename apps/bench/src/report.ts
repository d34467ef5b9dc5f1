import { type Goal, isReached } from './goal';

/** The parts of a benchmark line that a report shows. */
type Named = { readonly name: string; readonly title: string };

/** Receives a run's figures. */
export interface Report {
  begin(line: Named): void;
  /** A figure that explains a ratio. It is reported as soon as it has been measured. */
  fact(name: string, value: string): void;
  end(line: Named, goals: readonly Goal[]): void;
}

/** A report for people. It shows each fact as soon as it has been measured, and the verdict last. */
export class TextReport implements Report {
  constructor(private readonly write: (text: string) => void) {}

  begin(line: Named): void {
    this.write(`${line.name}: ${line.title}\n`);
  }
  fact(name: string, value: string): void {
    this.write(`  ${name}: ${value}\n`);
  }
  end(line: Named, goals: readonly Goal[]): void {
    this.write(`${verdictOf(line, goals)}\n`);
  }
}

/** A report for programs, with one JSON object for each benchmark line. */
export class JsonReport implements Report {
  private facts: Record<string, string> = {};

  constructor(private readonly write: (text: string) => void) {}

  begin(): void {
    this.facts = {};
  }
  fact(name: string, value: string): void {
    this.facts[name] = value;
  }
  end(line: Named, goals: readonly Goal[]): void {
    const reached = goals.map((goal) => ({ ...goal, ok: isReached(goal) }));
    const ok = goals.every(isReached);
    this.write(`${JSON.stringify({ line: line.name, ok, goals: reached, facts: this.facts })}\n`);
  }
}

/** For example, `P1 ratio 0.52 (target >= 0.4) OK`. */
export function verdictOf(line: Named, goals: readonly Goal[]): string {
  const figures = goals.map(
    ({ name, value, comparison, target }) => `${name} ${rounded(value)} (target ${comparison} ${target})`,
  );
  return `${line.name} ${figures.join(', ')} ${goals.every(isReached) ? 'OK' : 'FAILED'}`;
}

function rounded(value: number): string {
  return Math.abs(value) >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}
