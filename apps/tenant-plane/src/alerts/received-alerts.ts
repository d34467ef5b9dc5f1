import { createHash } from 'node:crypto';
import { type FieldError, validationFailed } from '@atlas/platform';
import {
  type AlertStatus,
  type AlertmanagerWebhookDto,
  type GenericAlertsDto,
} from '@atlas/tenant-api/alerts';
import { type Labels } from './alert.entity';

/** An alert as a source sent it, whatever its format. */
export interface ReceivedAlert {
  readonly fingerprint: string;
  readonly status: AlertStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: Date;
  /** Null while the alert is firing. */
  readonly endsAt: Date | null;
}

const EARLIEST = new Date('2000-01-01T00:00:00Z');
/** How far the clock of a source may be ahead. */
const MAX_AHEAD_MS = 24 * 3600_000;

/** Throws `validation_failed`. */
export function alertsOfAlertmanager({ alerts }: AlertmanagerWebhookDto, now: Date): ReceivedAlert[] {
  return alerts.map(({ fingerprint, status, labels, annotations = {}, startsAt, endsAt }, index) => {
    const start = plausible(startsAt, `alerts.${index}.startsAt`, now);
    // Alertmanager sends a time in the future, or the year 1, while an alert is firing.
    const end = status === 'resolved' && endsAt ? plausible(endsAt, `alerts.${index}.endsAt`, now) : null;
    return received({ fingerprint, status, labels, annotations, start, end, now });
  });
}

/** Throws `validation_failed`. */
export function genericAlerts({ alerts }: GenericAlertsDto, now: Date): ReceivedAlert[] {
  return alerts.map(({ fingerprint, status, labels, annotations = {}, starts_at, ends_at }, index) => {
    const start = starts_at ? plausible(starts_at, `alerts.${index}.starts_at`, now) : now;
    const end = ends_at ? plausible(ends_at, `alerts.${index}.ends_at`, now) : null;
    const identity = fingerprint ?? fingerprintOf(labels);
    return received({ fingerprint: identity, status, labels, annotations, start, end, now });
  });
}

interface Parsed extends Pick<ReceivedAlert, 'fingerprint' | 'status' | 'labels' | 'annotations'> {
  readonly start: Date;
  readonly end: Date | null;
  readonly now: Date;
}

function received({ start, end, now, ...rest }: Parsed): ReceivedAlert {
  return { ...rest, startsAt: start, endsAt: rest.status === 'resolved' ? (end ?? now) : null };
}

function fingerprintOf(labels: Labels): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}

function plausible(text: string, field: string, now: Date): Date {
  const time = new Date(text);
  if (time >= EARLIEST && time.getTime() <= now.getTime() + MAX_AHEAD_MS) return time;
  const message = `${field} must be between 2000-01-01 and a day from now. Check the clock of the source`;
  throw validationFailed([{ field, message } satisfies FieldError]);
}
