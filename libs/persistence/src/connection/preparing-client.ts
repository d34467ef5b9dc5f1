import { BoundedMap } from '@atlas/platform';
import { type ClientConfig } from 'pg';
import { PostgresClient } from './postgres-connection';

/** A statement is prepared once the process has sent it this often, so that rare ones take no memory. */
const USES_BEFORE = 5;
/** How many statements each connection keeps prepared at most. Each takes some memory of its server. */
const MAX_PREPARED = 200;
/** How many other statements are counted. Lists of values of different lengths are different statements. */
const MAX_COUNTED = 2000;

/** The comment at the beginning of a statement that is never prepared. */
export const UNPREPARED = 'unprepared';

/** The names of the statements that this process sends most often, by their text. */
const names = new Map<string, string>();
const uses = new BoundedMap<string, number>(MAX_COUNTED);

/**
 * A client that prepares the statements that the process sends most often, so that Postgres parses and plans
 * them only once for each connection. A pooler such as PgBouncer may give each transaction another server
 * process, which knows none of them, so behind a pooler nothing is prepared (ADR 46).
 */
export class PreparingClient extends PostgresClient {
  /** The server process that was named when the connection opened. A pooler names one that does not exist. */
  declare readonly processID: number | null;

  constructor(config: Omit<ClientConfig, 'stream'> = {}) {
    super(config);
    this.once('connect', () => {
      this.prepareIfDirect().catch(() => undefined);
    });
  }

  private async prepareIfDirect(): Promise<void> {
    const { rows } = await this.query<{ pid: number }>('select pg_backend_pid() as pid');
    if (rows[0]?.pid !== this.processID) return;
    const send = this.query.bind(this);
    const query = (statement: unknown, values: unknown, ...others: unknown[]): unknown => {
      // Without parameters, a text may contain several statements, which cannot be prepared together.
      const isSingle = typeof statement === 'string' && Array.isArray(values) && values.length > 0;
      const isFrequent = isSingle && !statement.startsWith(`/* ${UNPREPARED} */`);
      const name = isFrequent ? nameOf(statement) : undefined;
      return Reflect.apply(send, this, [name ? { name, text: statement } : statement, values, ...others]);
    };
    Object.assign(this, { query });
  }
}

/** Counts a use of the statement. Returns undefined if it is to be sent unprepared. */
function nameOf(text: string): string | undefined {
  const name = names.get(text);
  if (name !== undefined || names.size >= MAX_PREPARED) return name;
  const used = (uses.get(text) ?? 0) + 1;
  if (used < USES_BEFORE) {
    uses.set(text, used);
    return undefined;
  }
  uses.delete(text);
  const given = `atlas_${names.size + 1}`;
  names.set(text, given);
  return given;
}
