import { type DatabaseDriver, EVERY_DATABASE } from '../databases/test-database';

/**
 * `npm test` runs the long suites at reduced size: on one database, with their hardest cases. With
 * ATLAS_TEST_SIZE=full (`npx nx run e2e:full`) they run on both databases, with all cases. The long suites of
 * the Control Plane are about the steps of jobs, which are the same on both.
 */
const isFullSize = process.env['ATLAS_TEST_SIZE'] === 'full';

export function databasesOfLongSuite(atReducedSize: DatabaseDriver): readonly DatabaseDriver[] {
  return isFullSize ? EVERY_DATABASE : [atReducedSize];
}

/** `small` at reduced size, otherwise `full`. */
export function bySize<T>(small: T, full: T): T {
  return isFullSize ? full : small;
}
