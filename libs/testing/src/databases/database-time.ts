import { type Clock } from '@atlas/platform';
import { type DatabaseDriver } from './test-database';

/** Like `Database` of `@atlas/persistence`. */
interface TimedDatabase {
  readonly driver: DatabaseDriver;
  fromNow(seconds: number): string;
  now(): Promise<Date>;
}

/** Makes `clock` the time that all processes of a database share. */
export function setDatabaseTime(database: TimedDatabase, clock: Clock): void {
  const fromNow = (seconds: number): string => {
    const time = new Date(clock.now().getTime() + seconds * 1000).toISOString();
    return database.driver === 'postgres'
      ? `timestamptz '${time}'`
      : `'${time.replace('T', ' ').replace('Z', '')}'`;
  };
  Object.assign(database, { fromNow, now: () => Promise.resolve(clock.now()) });
}
