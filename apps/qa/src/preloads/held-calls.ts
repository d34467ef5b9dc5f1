import 'reflect-metadata';
import { Database, PostgresDatabase, SqliteDatabase } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { GO_ON, type Hold, holdOf, lineOfHeld } from '../revoking/hold';

type Method = (this: unknown, ...given: unknown[]) => Promise<unknown>;

const seen = new Map<string, number>();
const held: (() => void)[] = [];

process.on(GO_ON, () => {
  for (const goOn of held.splice(0)) goOn();
});

// Neither place holds a connection that a revocation needs: `begin` comes before the connection is taken.
holdBefore(PostgresDatabase.prototype, 'begin', 'begin');
holdBefore(SqliteDatabase.prototype, 'begin', 'begin');
holdBefore(Database.prototype, 'completed', 'commit');

function holdBefore(prototype: object, name: string, place: Hold['place']): void {
  const original = Reflect.get(prototype, name) as Method;
  Reflect.set(prototype, name, async function (this: unknown, ...given: unknown[]) {
    await untilReleased(place);
    return original.call(this, ...given);
  } satisfies Method);
}

/** Holds the call if the request's trace id says so. */
async function untilReleased(place: Hold['place']): Promise<void> {
  const traceId = currentContext()?.traceId;
  const hold = holdOf(traceId);
  if (traceId === undefined || hold?.place !== place) return;
  const nth = (seen.get(traceId) ?? 0) + 1;
  seen.set(traceId, nth);
  if (nth !== hold.nth) return;
  await new Promise<void>((goOn) => {
    held.push(goOn);
    process.stdout.write(`${lineOfHeld(traceId)}\n`);
  });
}
