import { type Clock } from '@atlas/platform';
import { type EntityManager } from 'typeorm';

/**
 * The time that all processes of a database share: that of Postgres, since their own clocks differ and may be set. A SQLite
 * file has one process, so its clock counts.
 */
export async function sharedNow(manager: EntityManager, clock: Clock): Promise<Date> {
  if (manager.connection.options.type !== 'postgres') return clock.now();
  const [row] = await manager.query<{ now: Date }[]>('select clock_timestamp() as now');
  if (!row) throw new Error('The database does not tell its time.');
  return row.now;
}
