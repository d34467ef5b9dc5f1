import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Bench } from './bench';
import { Cleanup } from './cleanup';
import { isReached } from './line';
import { LINES } from './lines';
import { PostgresServer } from './postgres-server';
import { JsonReport, TextReport } from './report';

const USAGE = `Measures the two planes against limits and peers in the same run.

  npm run bench [-- <line>...] [--quick] [--json] [--profile <folder>]

${LINES.map(({ name, title }) => `  ${name}  ${title}`).join('\n')}

  --quick     fewer rounds and rows
  --json      one JSON object a line on standard output
  --profile   writes CPU profiles of the measured planes
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const wanted = positionals.map((name) => name.toUpperCase());
  const unknown = wanted.filter((name) => !LINES.some((line) => line.name === name));
  if (values.help || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `There is no line ${unknown.join(', ')}.\n\n${USAGE}` : USAGE);
    return values.help ? 0 : 2;
  }
  const write = (text: string): boolean => process.stdout.write(text);
  const report = values.json ? new JsonReport(write) : new TextReport(write);
  const options = { isQuick: values.quick, profileDir: values.profile };
  const lines = LINES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

  const whole = new Cleanup();
  endOnSignals(whole);
  const server = new PostgresServer(whole);
  let hasFallenShort = false;
  try {
    for (const line of lines) {
      const own = new Cleanup();
      whole.add(() => own.end());
      report.begin(line);
      const goals = await line.measure(new Bench(options, report, server, own));
      await own.end();
      report.end(line, goals);
      hasFallenShort ||= !goals.every(isReached);
    }
  } finally {
    await whole.end();
  }
  return hasFallenShort ? 1 : 0;
}

function endOnSignals(whole: Cleanup): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => void whole.end().finally(() => process.exit(code)));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String((error as Error).stack ?? error)}\n`);
    process.exit(1);
  },
);
