import { parseArgs } from 'node:util';
import { type BenchOptions } from './bench';
import { type Line } from './line';

export interface CommandLine extends BenchOptions {
  readonly lines: readonly Line[];
  readonly isJson: boolean;
}

/** Returns the parsed command line, or the usage text to print and the exit code. */
export function readCommandLine(
  words: readonly string[],
  known: readonly Line[],
): CommandLine | { readonly usage: string; readonly code: number } {
  try {
    const { values, positionals } = parseArgs({ args: [...words], allowPositionals: true, options: OPTIONS });
    if (values.help) return { usage: usageOf(known), code: 0 };
    const lines = positionals.length === 0 ? known : positionals.map((name) => lineOf(name, known));
    return {
      lines,
      isQuick: values.quick,
      isJson: values.json,
      profileDir: values.profile,
      picturesDir: values.pictures,
    };
  } catch (error) {
    return { usage: `${(error as Error).message}\n\n${usageOf(known)}`, code: 2 };
  }
}

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  profile: { type: 'string' },
  pictures: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function lineOf(name: string, known: readonly Line[]): Line {
  const line = known.find((one) => one.name.toUpperCase() === name.toUpperCase());
  if (!line) throw new Error(`There is no benchmark line named ${name}.`);
  return line;
}

function usageOf(known: readonly Line[]): string {
  return `Compares the two planes with limits and peers that are measured in the same run.

  npm run bench [-- <line>...] [--quick] [--json] [--profile <folder>] [--pictures <folder>]

${known.map(({ name, title }) => `  ${name}  ${title}`).join('\n')}

  --quick     fewer rounds and rows
  --json      one JSON object per line on standard output
  --profile   writes CPU profiles of the measured planes
  --pictures  writes growth curves as SVG files (P8)
`;
}
