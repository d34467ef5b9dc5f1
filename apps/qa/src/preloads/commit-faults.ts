import 'reflect-metadata';
import { currentContext } from '@atlas/platform';
import { Client } from 'pg';
import { Database } from 'sqlite3';
import { type CommitFault, faultOf } from '../losing-commits/commit-fault';

type Query = (this: Client, statement: unknown, ...others: unknown[]) => Promise<unknown>;
type Callback = (error: Error | null, ...results: unknown[]) => void;
type Run = (this: Database, statement: string, ...others: unknown[]) => unknown;

const commits = new Map<string, number>();

/**
 * If `statement` is the COMMIT that is to fail, prints a line and returns the fault that the request's trace
 * id encodes.
 */
function faultOfThis(statement: unknown): CommitFault | undefined {
  if (typeof statement !== 'string' || statement.toLowerCase() !== 'commit') return undefined;
  const traceId = currentContext()?.traceId;
  const fault = faultOf(traceId);
  if (traceId === undefined || !fault) return undefined;
  const count = (commits.get(traceId) ?? 0) + 1;
  commits.set(traceId, count);
  if (count !== fault.nth) return undefined;
  process.stdout.write(`${JSON.stringify({ commit_fault: traceId })}\n`);
  return fault;
}

const query = Reflect.get(Client.prototype, 'query') as Query;
Reflect.set(Client.prototype, 'query', function (this: Client, statement: unknown, ...others: unknown[]) {
  const fault = faultOfThis(statement);
  return fault ? failOnPostgres(this, fault) : query.call(this, statement, ...others);
} satisfies Query);

/** Makes the database server or the driver produce a real error. */
async function failOnPostgres(client: Client, { how }: CommitFault): Promise<unknown> {
  if (how === 'refused') {
    const refusal = await query
      .call(client, `do $$ begin raise exception 'no space left' using errcode = '53100'; end $$`)
      .catch((error: unknown) => error);
    await query.call(client, 'rollback');
    throw refusal;
  }
  if (how === 'lost after') await query.call(client, 'commit');
  // The client's only socket, which is missing from its type definitions.
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  return query.call(client, 'commit');
}

for (const name of ['run', 'all'] as const) {
  const original = Reflect.get(Database.prototype, name) as Run;
  Reflect.set(Database.prototype, name, function (this: Database, statement: string, ...others: unknown[]) {
    const fault = faultOfThis(statement);
    if (!fault) return original.call(this, statement, ...others);
    const callback = others.at(-1) as Callback;
    const code = fault.how === 'refused' ? 'SQLITE_FULL' : 'SQLITE_IOERR';
    const failure = Object.assign(new Error(`${code}: COMMIT failed`), { code });
    return original.call(this, fault.how === 'lost after' ? 'commit' : 'rollback', (error: Error | null) =>
      callback(error ?? failure),
    );
  } satisfies Run);
}
