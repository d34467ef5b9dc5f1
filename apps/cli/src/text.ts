/** A duration of `from` seconds or more is shown in these two units. */
const UNITS = [
  { from: 86_400, units: ['d', 'h'], rest: 3600 },
  { from: 3600, units: ['h', 'min'], rest: 60 },
  { from: 60, units: ['min', 's'], rest: 1 },
] as const;

/** Names and reasons come from outside, and must not move the cursor or start a new line. */
export function onOneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

/** One word of a shell command, quoted if the shell would otherwise change or split it. */
export function shellWord(text: string): string {
  return /^[\w./:+@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A readable duration. Never negative, even if the remote clock is ahead of this machine's. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${Math.max(0, ms)} ms`;
  const scale = UNITS.find(({ from }) => seconds >= from);
  if (!scale) return `${seconds.toFixed(1)} s`;
  const { from, units, rest } = scale;
  return `${Math.floor(seconds / from)} ${units[0]} ${Math.floor((seconds % from) / rest)} ${units[1]}`;
}

export interface Column<T> {
  readonly title: string;
  of(row: T): string | number | null | undefined;
}

/** One line per row, below the titles. */
export function tableText<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = rows.map((row) => columns.map((column) => onOneLine(String(column.of(row) ?? '-'))));
  return linesOf([columns.map(({ title }) => title.toUpperCase()), ...cells]);
}

/** Names and their values, aligned. */
export function factsText(facts: readonly (readonly [string, unknown])[]): string {
  return linesOf(facts.map(([name, value]) => [`  ${name}`, onOneLine(String(value ?? '-'))]));
}

function linesOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
