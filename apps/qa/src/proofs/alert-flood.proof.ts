import { setTimeout as delay } from 'node:timers/promises';
import { type Ask } from '@atlas/isolation';
import { signedUpTenant } from '../exporting/signed-up-tenant';
import { type Figure, exactly, measured, none } from '../figures';
import { turns } from '../in-batches';
import { type Proof } from '../proof';

const SIZES = { small: { requests: 40, seconds: 0.5 }, full: { requests: 200, seconds: 10 } } as const;
const ALERTS_A_REQUEST = 5;
const GROUPS = 20;
const AGAIN_MS = 100;
const MAX_TRIES = 100;

interface SentAlert {
  readonly fingerprint: string;
  readonly status: 'firing';
  readonly labels: Readonly<Record<'alertname' | 'instance', string>>;
}
interface Stored {
  readonly alerts: readonly { readonly fingerprint: string; readonly incident_id: string | null }[];
  readonly incidents: readonly { readonly id: string; readonly alert_count: number }[];
}

/**
 * A flood of alerts over many connections, in which the alerts of a group arrive in different requests, and
 * every other request is sent twice at once. What is refused is sent again, as Alertmanager does. Afterwards,
 * each alert must be stored once, and each group must have one incident, which counts its alerts.
 *
 * To see it fail: in `Intake.receive`, call the work at once instead of in `this.line.run`, and leave out
 * `lockedForUpdate` in `DataSourceKeys.prove`.
 */
export const proof: Proof = {
  goal: '1,000 alerts in 10 s: 0 lost, one incident per group',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const { requests: count, seconds } = SIZES[context.size];
    const { stack } = await context.served();
    const { ask } = await signedUpTenant(stack, 'flooded');
    const source = await ask<{ ingest_url: string }>('/api/data-sources', { name: 'Flood', kind: 'generic' });
    const url = new URL(new URL(source.ingest_url).pathname, stack.tenantPlanes[0]?.url);
    const requests = turns(count).map((turn) => turns(ALERTS_A_REQUEST).map((at) => alertOf(turn, at)));
    const startedAt = performance.now();
    const refusals = await Promise.all(
      requests.map(async (alerts, turn) => {
        await delay((turn * seconds * 1000) / count);
        const copies = turn % 2 === 0 ? [alerts, alerts] : [alerts];
        return Promise.all(copies.map((copy) => refusalsUntilStored(url, copy)));
      }),
    );
    const took = (performance.now() - startedAt) / 1000;
    return [
      ...figuresOf(requests.flat(), await storedIn(ask)),
      measured('sent and stored in', took, 's'),
      measured(
        'refused and sent again',
        refusals.flat().reduce((sum, one) => sum + one, 0),
      ),
    ];
  },
};

function alertOf(turn: number, at: number): SentAlert {
  const number = turn * ALERTS_A_REQUEST + at;
  const labels = { alertname: `Group${number % GROUPS}`, instance: `web-${number}` };
  return { fingerprint: `alert-${number}`, status: 'firing', labels };
}

async function refusalsUntilStored(url: URL, alerts: readonly SentAlert[]): Promise<number> {
  const [headers, body] = [{ 'content-type': 'application/json' }, JSON.stringify({ alerts })];
  for (let refusals = 0; refusals < MAX_TRIES; refusals += 1) {
    const response = await fetch(url, { method: 'POST', headers, body });
    const { status } = response;
    if (status === 202) return refusals;
    if (status !== 429 && status !== 503)
      throw new Error(`Alerts were answered with ${status}: ${await response.text()}`);
    await delay(AGAIN_MS);
  }
  throw new Error(`Alerts were refused ${MAX_TRIES} times.`);
}

async function storedIn(ask: Ask): Promise<Stored> {
  return { alerts: await allOf(ask, '/api/alerts'), incidents: await allOf(ask, '/api/incidents') };
}

async function allOf<T>(ask: Ask, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page = await ask<{ items: T[]; next_cursor: string | null }>(`${path}?limit=100${after}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}

function figuresOf(sent: readonly SentAlert[], { alerts, incidents }: Stored): Figure[] {
  const incidentOf = new Map(alerts.map(({ fingerprint, incident_id: id }) => [fingerprint, id]));
  const byGroup = new Map<string, Set<string | null | undefined>>();
  for (const { fingerprint, labels } of sent) {
    const known = byGroup.get(labels.alertname) ?? new Set();
    byGroup.set(labels.alertname, known.add(incidentOf.get(fingerprint)));
  }
  return [
    none(
      'lost alerts',
      sent.map(({ fingerprint }) => fingerprint).filter((fingerprint) => !incidentOf.has(fingerprint)),
    ),
    exactly('stored alerts', alerts.length, sent.length),
    exactly('incidents', incidents.length, byGroup.size),
    none(
      'groups with several incidents',
      [...byGroup].filter(([, ids]) => ids.size > 1).map(([group]) => group),
    ),
    exactly(
      'alerts that the incidents count',
      incidents.reduce((sum, { alert_count: count }) => sum + count, 0),
      sent.length,
    ),
  ];
}
