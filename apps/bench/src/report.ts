import { type Goal, isReached } from './goal';

/** The parts of a line that a report shows. */
type Named = { readonly name: string; readonly title: string };

/** Receives a run's figures. */
export interface Report {
  begin(line: Named): void;
  /** A figure that explains a ratio, reported as it is measured. */
  fact(name: string, value: string): void;
  end(line: Named, goals: readonly Goal[]): void;
}

/** For people: facts as they are measured, and the verdict last. */
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

/** For programs: one JSON object per line. */
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

/** `P1 ratio 0.52 (target >= 0.4) OK` */
export function verdictOf(line: Named, goals: readonly Goal[]): string {
  const figures = goals.map(
    ({ name, value, comparison, target }) => `${name} ${rounded(value)} (target ${comparison} ${target})`,
  );
  return `${line.name} ${figures.join(', ')} ${goals.every(isReached) ? 'OK' : 'FAILED'}`;
}

function rounded(value: number): string {
  return Math.abs(value) >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}
