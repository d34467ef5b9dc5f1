import { createHash } from 'node:crypto';
import { validationFailed } from '@atlas/platform';
import {
  type AlertStatus,
  type AlertmanagerWebhookDto,
  type GenericAlertsDto,
} from '@atlas/tenant-api/alerts';
import { MAX_LABEL_CHARACTERS } from '@atlas/tenant-api/labels';
import { type Labels } from './alert.entity';

/** An alert as a source sent it, whatever its format. */
export interface ReceivedAlert {
  readonly fingerprint: string;
  readonly status: AlertStatus;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Null if the source did not say. */
  readonly startsAt: Date | null;
  /** Null while the alert is firing, or if the source did not say. */
  readonly endsAt: Date | null;
}

const EARLIEST = new Date('2000-01-01T00:00:00Z');
/** How far the clock of a source may be ahead. */
const MAX_AHEAD_MS = 24 * 3600_000;
const MAX_ANNOTATIONS = 64;
const LONGEST_NAME = 200;
const LONGEST_ANNOTATION = 4000;

/** Throws `validation_failed`. */
export function alertsOfAlertmanager({ alerts }: AlertmanagerWebhookDto, now: Date): ReceivedAlert[] {
  return alerts.map(({ fingerprint, status, labels, annotations = {}, startsAt, endsAt }, index) => ({
    fingerprint,
    status,
    labels,
    annotations: shortened(annotations),
    startsAt: plausible(startsAt, `alerts.${index}.startsAt`, now),
    // Alertmanager sends a time in the future, or the year 1, while an alert is firing.
    endsAt: status === 'resolved' && endsAt ? plausible(endsAt, `alerts.${index}.endsAt`, now) : null,
  }));
}

/** Throws `validation_failed`. */
export function genericAlerts({ alerts }: GenericAlertsDto, now: Date): ReceivedAlert[] {
  return alerts.map(({ fingerprint, status, labels, annotations = {}, starts_at, ends_at }, index) => {
    const start = starts_at ? plausible(starts_at, `alerts.${index}.starts_at`, now) : null;
    const end = ends_at ? plausible(ends_at, `alerts.${index}.ends_at`, now) : null;
    return {
      fingerprint: fingerprint ?? fingerprintOf(labels),
      status,
      labels,
      annotations,
      startsAt: start,
      endsAt: status === 'resolved' ? end : null,
    };
  });
}

/**
 * The alerts in parts of at most `size`, none of which contains an alert twice, so that an alert that begins
 * and ends in one request does so in two parts.
 */
export function partsOf(alerts: readonly ReceivedAlert[], size: number): ReceivedAlert[][] {
  const parts: ReceivedAlert[][] = [[]];
  const inPart = new Set<string>();
  for (const alert of alerts) {
    if (inPart.size === size || inPart.has(alert.fingerprint)) {
      parts.push([]);
      inPart.clear();
    }
    parts.at(-1)?.push(alert);
    inPart.add(alert.fingerprint);
  }
  return parts;
}

/** Alertmanager never sends an alert again that was refused, so long annotations are cut off. */
function shortened(annotations: Readonly<Record<string, unknown>>): Labels {
  const texts = Object.entries(annotations).filter(
    ([name]) => name.length > 0 && name.length <= LONGEST_NAME,
  );
  const kept = new Map<string, string>();
  let room = MAX_LABEL_CHARACTERS;
  for (const [name, text] of texts.slice(0, MAX_ANNOTATIONS)) {
    const left = Math.min(LONGEST_ANNOTATION, room - name.length);
    if (left < 0) break;
    const value = String(text).slice(0, left).toWellFormed();
    kept.set(name, value);
    room -= name.length + value.length;
  }
  return Object.fromEntries(kept);
}

function fingerprintOf(labels: Labels): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}

function plausible(text: string, field: string, now: Date): Date {
  const time = new Date(text);
  if (time >= EARLIEST && time.getTime() <= now.getTime() + MAX_AHEAD_MS) return time;
  const message = `${field} must be between 2000-01-01 and a day from now. Check the clock of the source`;
  throw validationFailed([{ field, message }]);
}
