import { TenantDatabase, type TenantScope, together } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type ReceiptView } from '@atlas/tenant-api/alerts';
import { type DataSourceKind } from '@atlas/tenant-api/data-sources';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { OneByOne } from '../access/one-by-one';
import { type ClaimedKey } from '../access/tenant-request';
import { hashToken } from '../credentials/tenant-token';
import { DataSourceKeys } from '../data-sources/data-source-keys';
import { DataSource } from '../data-sources/data-source.entity';
import { countUsage } from '../entitlements/count-usage';
import { type AlertChanges, AlertIncidents } from './alert-incidents';
import { Alert } from './alert.entity';
import { addToCounted } from './counted-alerts';
import { type ReceivedAlert, partsOf } from './received-alerts';
import { withoutRepeated } from './repeated-alerts';
import { type Silencing, silencing } from './silence-matching';
import { activeSilences } from './silences';

/**
 * How many alerts one transaction stores. Each may open an incident, and the tenant's users wait for the
 * numbers of the incidents.
 */
const ALERTS_A_PART = 100;
const MAX_WAITING = 20;
/** How exactly a data source shows when it last received alerts. */
const RECEIPT_MS = 5000;

/** What a request does to one alert. */
type Outcome = 'firing' | 'repeated' | 'silenced' | 'resolved';
type Counts = Omit<ReceiptView, 'received'>;

/** Stores the alerts that a data source sends, and opens and resolves incidents for them. */
@Injectable()
export class Intake {
  private readonly line = new OneByOne({ maxWaiting: MAX_WAITING, full: tooManyAtOnce });

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly incidents: AlertIncidents,
    private readonly keys: DataSourceKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns once all alerts are stored. If it fails in between, some may be stored, and sending all of them
   * again stores the rest. The requests of a data source are stored one after another, so the second of two
   * concurrent requests sees the alerts and incidents of the first. Throws `unauthenticated`,
   * `data_source_disabled`, `data_source_kind`, `too_many_attempts` and `tenant_frozen`.
   */
  receive(key: ClaimedKey, kind: DataSourceKind, received: readonly ReceivedAlert[]): Promise<ReceiptView> {
    return this.line.run(key.token, async () => {
      const total = { received: received.length, opened: 0, updated: 0, resolved: 0, silenced: 0 };
      for (const [index, part] of partsOf(received, ALERTS_A_PART).entries()) {
        const counts = await this.store(key, kind, part, index === 0);
        for (const name of Object.keys(counts) as (keyof Counts)[]) total[name] += counts[name];
      }
      return total;
    });
  }

  private store(
    key: ClaimedKey,
    kind: DataSourceKind,
    received: readonly ReceivedAlert[],
    isFirst: boolean,
  ): Promise<Counts> {
    return this.tenants.write(key.tenantId, async (scope) => {
      const hash = hashToken(key.token);
      const used = { amount: received.length, at: this.clock.now() };
      const [source, others, isCounted] = await together([
        isFirst ? this.keys.admit(scope, key, kind) : this.keys.prove(scope, key, kind),
        withoutRepeated(scope, hash, used.at, received),
        addToCounted(scope, hash, used),
      ]);
      // After the lock. A silence that ends before this moment has been ended, or waits for this transaction.
      const now = this.clock.now();
      await noteReceipt(scope, source, received.length, now);
      if (!isCounted) await countUsage(scope, { meter: 'alerts', ...used, part: source.id });
      const repeated = { opened: 0, updated: received.length - others.length, resolved: 0, silenced: 0 };
      if (others.length === 0) return repeated;
      const [known, silences] = await together([
        knownAlerts(scope, source.id, others),
        activeSilences(scope, now),
      ]);
      const circumstances = { source, silenced: silencing(silences), now };
      const outcomes: Followed[] = [];
      for (const one of others) outcomes.push(await follow(known.get(one.fingerprint), one, circumstances));
      const alerts = outcomes.map(({ alert }) => alert);
      const openers = await this.incidents.follow(scope, source, now, changesOf(known, alerts));
      return countsOf(outcomes, openers, repeated);
    });
  }
}

interface Circumstances {
  readonly source: DataSource;
  readonly silenced: Silencing;
  readonly now: Date;
}

interface Followed {
  readonly alert: Alert;
  readonly outcome: Outcome;
}

/** The alert after it has been received once more. */
async function follow(
  before: Alert | undefined,
  received: ReceivedAlert,
  { source, silenced, now }: Circumstances,
): Promise<Followed> {
  const { status, labels } = received;
  const isGoingOn = before?.status === 'firing';
  const again = { lastReceivedAt: now, count: (before?.count ?? 0) + 1 };
  if (before && isOutdated(before, received)) return { alert: { ...before, ...again }, outcome: 'repeated' };
  const endsAt = status === 'resolved' ? (received.endsAt ?? now) : null;
  const begun = before && (isGoingOn || status === 'resolved') ? before.startsAt : (endsAt ?? now);
  const alert: Alert = {
    tenantId: source.tenantId,
    id: before?.id ?? uuidv7(now),
    sourceId: source.id,
    fingerprint: received.fingerprint,
    status,
    labels,
    annotations: received.annotations,
    startsAt: received.startsAt ?? begun,
    endsAt,
    ...again,
    incidentId: before?.incidentId ?? null,
    silenceId: null,
    createdAt: before?.createdAt ?? now,
  };
  if (status === 'resolved') return { alert, outcome: 'resolved' };
  if (isGoingOn && before.silenceId === null) return { alert, outcome: 'repeated' };
  const silence = await silenced(labels);
  if (silence) return { alert: { ...alert, silenceId: silence.id }, outcome: 'silenced' };
  return { alert, outcome: 'firing' };
}

/** Whether a resolution concerns an earlier time that the alert fired, because it arrives late. */
function isOutdated(before: Alert, { status, startsAt, endsAt }: ReceivedAlert): boolean {
  if (status !== 'resolved' || before.status !== 'firing' || !startsAt || !endsAt) return false;
  return startsAt < before.startsAt && endsAt <= before.startsAt;
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

/** A source that never stops sending does not change its row with every request. */
async function noteReceipt(
  scope: TenantScope,
  { id, lastReceivedAt }: DataSource,
  count: number,
  now: Date,
): Promise<void> {
  if (count === 0) return;
  if (lastReceivedAt && Math.abs(now.getTime() - lastReceivedAt.getTime()) < RECEIPT_MS) return;
  await scope.update(DataSource, { id }, { lastReceivedAt: now });
}

async function knownAlerts(
  scope: TenantScope,
  sourceId: string,
  received: readonly ReceivedAlert[],
): Promise<ReadonlyMap<string, Alert>> {
  const fingerprints = received.map(({ fingerprint }) => fingerprint);
  const rows = await scope.find(Alert, { where: { sourceId, fingerprint: In(fingerprints) } });
  return new Map(rows.map((row) => [row.fingerprint, row]));
}

function countsOf(followed: readonly Followed[], openers: ReadonlySet<string>, repeated: Counts): Counts {
  const counts = { ...repeated };
  for (const { alert, outcome } of followed) {
    if (outcome === 'firing') counts[openers.has(alert.id) ? 'opened' : 'updated'] += 1;
    else counts[outcome === 'repeated' ? 'updated' : outcome] += 1;
  }
  return counts;
}

function tooManyAtOnce(): DomainError {
  const detail = 'Too many requests with this key are waiting. Send one request after another.';
  return new DomainError('too_many_attempts', 'too_many', detail, {}, { 'retry-after': '1' });
}
