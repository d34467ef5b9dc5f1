import { type ControlPlaneConfig } from '../config/control-plane.config';

const DAY_MS = 24 * 3_600_000;

/** The end of a restore window that starts now. */
export function restorableFrom(now: Date, { RESTORE_WINDOW_DAYS: days }: ControlPlaneConfig): Date {
  return new Date(now.getTime() + days * DAY_MS);
}
