/** A session expires after this time even if it is in use (ASVS 5.0, 7.3.2). */
export const SESSION_SECONDS = 12 * 3600;
/** An unused session expires after this time (ASVS 5.0, 7.3.1). */
const IDLE_SECONDS = 3600;
/** The minimum interval between two records of the use of the same session or API key. */
export const NOTED_EVERY_SECONDS = 60;

interface Used {
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export function isIdle({ createdAt, lastUsedAt }: Used, now: Date): boolean {
  return secondsBetween(lastUsedAt ?? createdAt, now) >= IDLE_SECONDS;
}

export function isUseToBeNoted({ lastUsedAt }: Used, now: Date): boolean {
  return lastUsedAt === null || secondsBetween(lastUsedAt, now) >= NOTED_EVERY_SECONDS;
}

function secondsBetween(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1000;
}
