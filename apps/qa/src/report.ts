import { type DatabaseDriver } from '@atlas/testing';
import { type Figure, shown } from './figures';
import { type ProofSize, type Verdict } from './proof';

/** One proof on one kind of database. */
export interface Run extends Verdict {
  readonly proof: string;
  readonly database: DatabaseDriver;
  readonly size: ProofSize;
  readonly seconds: number;
}

/** How many figures are shown for a passing proof. Proofs list their most important figures first. */
const KEY_FIGURES = 5;
/** How many cases are shown for each failing figure. */
const DETAILS = 5;

/** Returns one line for a run that passes, and a table for a run that fails. */
export function reportOf(run: Run): string {
  const { proof, database, figures, holds } = run;
  const title = `${proof} on ${database}`;
  const duration = `in ${run.seconds.toFixed(1)} s`;
  if (!holds) return `${title} | FAILED ${duration}\n${tableOf(figures)}`;
  const more = figures.length - KEY_FIGURES;
  const parts = figures.slice(0, KEY_FIGURES).map((figure) => `${figure.name}: ${foundOf(figure)}`);
  if (more > 0) parts.push(`${more} more`);
  return `${title} | ${parts.join('; ')} | OK ${duration}`;
}

export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [figure.name, figure.expected ?? '', foundOf(figure)] as const);
  const header = ['figure', 'expected', 'found'] as const;
  const widthOf = (column: 0 | 1): number => Math.max(...[header, ...rows].map((row) => row[column].length));
  const [names, limits] = [widthOf(0), widthOf(1)];
  const line = (mark: string, [name, expected, found]: readonly [string, string, string]): string =>
    `  ${mark} ${name.padEnd(names)}  ${expected.padEnd(limits)}  ${found}`;
  return [
    line(' ', header),
    ...rows.flatMap((row, at) => {
      const { holds = true, details = [] } = figures[at] ?? {};
      return [line(holds ? ' ' : '✗', row), ...(holds ? [] : cases(details))];
    }),
  ].join('\n');
}

function cases(details: readonly string[]): string[] {
  const more = details.length - DETAILS;
  const shortened = details.slice(0, DETAILS).map((detail) => `      - ${detail}`);
  return more > 0 ? [...shortened, `      - and ${more} more`] : shortened;
}

function foundOf({ found, unit }: Figure): string {
  return shown(found, unit);
}
