import { TenantDatabase, type TenantScope, Throttle, type Allowance } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type ReceiptView } from '@atlas/tenant-api/alerts';
import { type DataSourceKind } from '@atlas/tenant-api/data-sources';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { type ClaimedKey } from '../access/tenant-request';
import { sourceOfKey } from '../data-sources/data-source-keys';
import { DataSource } from '../data-sources/data-source.entity';
import { type AlertChanges, AlertIncidents } from './alert-incidents';
import { Alert } from './alert.entity';
import { type ReceivedAlert } from './received-alerts';
import { silencing } from './silence-matching';
import { activeSilences } from './silences';
import { type Silence } from './silence.entity';

export const INGEST: Allowance = {
  name: 'requests with the key of',
  limit: 600,
  windowSeconds: 60,
  isStrict: false,
  refusal: 'This data source has sent too many requests. Send more alerts per request.',
};
/** What a request does to one alert. */
type Outcome = 'firing' | 'repeated' | 'silenced' | 'resolved';

/** Stores the alerts that a data source sends, and opens and resolves incidents for them. */
@Injectable()
export class Intake {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly incidents: AlertIncidents,
    private readonly throttle: Throttle,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores all alerts of a request, or none. The requests of a data source are stored one after another, so the
   * second of two concurrent requests sees the alerts and incidents of the first. Throws `unauthenticated`,
   * `data_source_disabled`, `data_source_kind`, `too_many_attempts` and `tenant_frozen`.
   */
  receive(
    key: ClaimedKey,
    kind: DataSourceKind,
    read: (now: Date) => readonly ReceivedAlert[],
  ): Promise<ReceiptView> {
    return this.tenants.write(key.tenantId, async (scope) => {
      const source = await sourceOfKey(scope, key, this.clock, kind);
      await this.throttle.take(INGEST, [scope.tenantId, source.id]);
      // After the lock. A silence that ends before this moment has been ended, or waits for this transaction.
      const now = this.clock.now();
      const received = read(now);
      if (received.length > 0) await scope.update(DataSource, { id: source.id }, { lastReceivedAt: now });
      const known = await knownAlerts(scope, source.id, received);
      const silenced = silencing(await activeSilences(scope, now));
      const alerts = new Map<string, Alert>(known);
      const outcomes = received.map((one): readonly [Alert, Outcome] => {
        const { alert, outcome } = follow(alerts.get(one.fingerprint), one, { source, silenced, now });
        alerts.set(one.fingerprint, alert);
        return [alert, outcome];
      });
      const openers = await this.incidents.follow(scope, source, now, changesOf(known, [...alerts.values()]));
      return receiptOf(outcomes, openers);
    });
  }
}

interface Circumstances {
  readonly source: DataSource;
  readonly silenced: (labels: Alert['labels']) => Silence | undefined;
  readonly now: Date;
}

/** The alert after it has been received once more. */
function follow(
  before: Alert | undefined,
  { fingerprint, status, labels, annotations, startsAt, endsAt }: ReceivedAlert,
  { source, silenced, now }: Circumstances,
): { readonly alert: Alert; readonly outcome: Outcome } {
  const alert: Alert = {
    tenantId: source.tenantId,
    id: before?.id ?? uuidv7(now),
    sourceId: source.id,
    fingerprint,
    status,
    labels,
    annotations,
    startsAt,
    endsAt,
    lastReceivedAt: now,
    count: (before?.count ?? 0) + 1,
    incidentId: before?.incidentId ?? null,
    silenceId: null,
    createdAt: before?.createdAt ?? now,
  };
  if (status === 'resolved') return { alert, outcome: 'resolved' };
  const isGoingOn = before?.status === 'firing';
  if (isGoingOn && before.silenceId === null) return { alert, outcome: 'repeated' };
  const silence = silenced(labels);
  if (silence) return { alert: { ...alert, silenceId: silence.id }, outcome: 'silenced' };
  return { alert, outcome: 'firing' };
}

function changesOf(known: ReadonlyMap<string, Alert>, alerts: readonly Alert[]): AlertChanges {
  const wasFiring = ({ fingerprint }: Alert): boolean => isFiring(known.get(fingerprint));
  return {
    alerts,
    starting: alerts.filter((alert) => isFiring(alert) && !wasFiring(alert)),
    ended: alerts.filter((alert) => alert.status === 'resolved' && wasFiring(alert)),
  };
}

function isFiring(alert: Alert | undefined): boolean {
  return alert?.status === 'firing' && alert.silenceId === null;
}

async function knownAlerts(
  scope: TenantScope,
  sourceId: string,
  received: readonly ReceivedAlert[],
): Promise<ReadonlyMap<string, Alert>> {
  if (received.length === 0) return new Map();
  const fingerprints = [...new Set(received.map(({ fingerprint }) => fingerprint))];
  const rows = await scope.find(Alert, { where: { sourceId, fingerprint: In(fingerprints) } });
  return new Map(rows.map((row) => [row.fingerprint, row]));
}

function receiptOf(
  outcomes: readonly (readonly [Alert, Outcome])[],
  openers: ReadonlySet<string>,
): ReceiptView {
  const counts = { received: outcomes.length, opened: 0, updated: 0, resolved: 0, silenced: 0 };
  const opened = new Set<string>();
  for (const [{ id }, outcome] of outcomes) {
    const isOpener = outcome === 'firing' && openers.has(id) && !opened.has(id);
    if (isOpener) opened.add(id);
    counts[isOpener ? 'opened' : outcome === 'firing' || outcome === 'repeated' ? 'updated' : outcome] += 1;
  }
  return counts;
}
