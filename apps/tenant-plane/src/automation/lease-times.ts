import { type RunStep } from './run-step.entity';

export const LEASE_MS = 60_000;
/** How long an agent may take to stop a step after its time-out and to report that. */
const GRACE_MS = 60_000;

/** The step with a lease that begins now, but ends soon after the step's time-out at the latest. */
export function extended(step: RunStep, now: Date): RunStep {
  const begun = step.startedAt ?? now;
  const last = begun.getTime() + step.timeoutSeconds * 1000 + GRACE_MS;
  return { ...step, leaseExpiresAt: new Date(Math.min(now.getTime() + LEASE_MS, last)) };
}

/** Whether a lease should be extended now. */
export function isLapsing({ leaseExpiresAt }: RunStep, now: Date): boolean {
  const left = (leaseExpiresAt?.getTime() ?? 0) - now.getTime();
  return left < LEASE_MS / 2;
}
