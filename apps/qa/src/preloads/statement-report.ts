import 'reflect-metadata';
import { currentContext } from '@atlas/platform';
import { Client } from 'pg';
import { Database } from 'sqlite3';
import { COUNTED_TRACE } from '../tokens/counted-trace';

type Call = (this: unknown, statement: unknown, ...others: unknown[]) => unknown;

let count = 0;
let counts: Record<string, number> = {};

/**
 * On SIGWINCH, prints how many times each statement was passed to a driver since the previous report. Only
 * requests with the trace id {@link COUNTED_TRACE} count.
 */
process.on('SIGWINCH', () => {
  process.stdout.write(`${JSON.stringify({ statement_report: ++count, counts })}\n`);
  counts = {};
});

watch(Client.prototype, ['query']);
watch(Database.prototype, ['run', 'all', 'get', 'each', 'exec']);

function watch(prototype: object, names: readonly string[]): void {
  const methods = prototype as Record<string, Call>;
  for (const name of names) {
    const original = methods[name] as Call;
    methods[name] = function (statement, ...others) {
      note(statement);
      return original.call(this, statement, ...others);
    };
  }
}

function note(statement: unknown): void {
  if (currentContext()?.traceId !== COUNTED_TRACE) return;
  const text = typeof statement === 'string' ? statement : (statement as { text: string }).text;
  counts[text] = (counts[text] ?? 0) + 1;
}
