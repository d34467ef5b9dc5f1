import { type Clock } from '@atlas/platform';
import { type DatabaseDriver } from './test-database';

/** The part of `Database` in `@atlas/persistence` that is needed here. */
interface TimedDatabase {
  readonly driver: DatabaseDriver;
  fromNow(seconds: number): string;
  now(): Promise<Date>;
}

/** Makes `clock` the database's clock, which all its processes share. */
export function setDatabaseTime(database: TimedDatabase, clock: Clock): void {
  const fromNow = (seconds: number): string => {
    const time = new Date(clock.now().getTime() + seconds * 1000).toISOString();
    return database.driver === 'postgres'
      ? `timestamptz '${time}'`
      : `'${time.replace('T', ' ').replace('Z', '')}'`;
  };
  Object.assign(database, { fromNow, now: () => Promise.resolve(clock.now()) });
}
