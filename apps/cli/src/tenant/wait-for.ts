import { setTimeout as delay } from 'node:timers/promises';
import { CommandFailure } from '../failure';
import { type TenantSession } from './tenant-session';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

interface Run {
  readonly status: string;
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

/** Waits until an export or import has ended. Throws its failure. */
export async function waitFor<T extends Run>(
  session: TenantSession,
  path: string,
  signal: AbortSignal,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const run = await session.call<T>('GET', path, signal);
    if (run.failure) throw new CommandFailure(run.failure.detail, { code: run.failure.code });
    if (run.status === 'expired')
      throw new CommandFailure('The archive was removed, because it was seven days old.', {
        code: 'export_expired',
        hint: 'Start another export: leave out --id.',
      });
    if (run.status !== 'running') return run;
    await delay(pauseMs, undefined, { signal });
  }
}
