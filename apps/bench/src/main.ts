import 'reflect-metadata';
import { inspect } from 'node:util';
import { RunFolder } from '@atlas/testing';
import { Bench } from './bench';
import { Cleanup } from './cleanup';
import { type CommandLine, readCommandLine } from './command-line';
import { type Line } from './line';
import { LINES } from './lines';
import { PostgresServer } from './postgres-server';
import { JsonReport, type Report, TextReport } from './report';
import { type Goal, isReached } from './goal';

async function main(): Promise<number> {
  const asked = readCommandLine(process.argv.slice(2), LINES);
  if ('usage' in asked) {
    process.stderr.write(asked.usage);
    return asked.code;
  }
  const whole = new Cleanup();
  endOnSignals(whole);
  return (await whole.after(runAll(asked, whole))) ? 0 : 1;
}

/** Returns whether every goal was met. */
async function runAll(asked: CommandLine, whole: Cleanup): Promise<boolean> {
  const write = (text: string): boolean => process.stdout.write(text);
  const report = asked.isJson ? new JsonReport(write) : new TextReport(write);
  const server = new PostgresServer(whole);
  let isAllReached = true;
  for (const line of asked.lines) {
    const goals = await runOne(line, asked, { report, server, whole });
    isAllReached &&= goals.every(isReached);
  }
  return isAllReached;
}

interface Run {
  readonly report: Report;
  readonly server: PostgresServer;
  readonly whole: Cleanup;
}

/**
 * Measures one line. Then stops its planes and drops its databases, so that the next line has the machine to
 * itself.
 */
async function runOne(
  line: Line,
  asked: CommandLine,
  { report, server, whole }: Run,
): Promise<readonly Goal[]> {
  const own = new Cleanup();
  whole.add(() => own.end());
  report.begin(line);
  const goals = await own.after(line.measure(new Bench(asked, report, server, own)));
  report.end(line, goals);
  return goals;
}

function endOnSignals(whole: Cleanup): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => void whole.end().finally(() => end(code)));
}

const folder = RunFolder.open('atlas-bench');
const end = (code: number): Promise<void> => folder.close().finally(() => process.exit(code));

main().then(end, (error: unknown) => {
  process.stderr.write(`${inspect(error)}\n`);
  return end(1);
});
