import { type TenantScope, lockedForShare } from '@atlas/persistence';
import { type Severity } from '@atlas/tenant-api/incidents';
import { type BurnRateView, type BurnSeverity } from '@atlas/tenant-api/slos';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { AutomaticIncidents } from '../incidents/automatic-incidents';
import { type Incident } from '../incidents/incident.entity';
import { type TimelineEntry, lockedIncidents } from '../incidents/timeline';
import { firingSeverity } from './error-budget';
import { burnRatesNow } from './slo-statuses';
import { type Slo } from './slo.entity';

const SEVERITY_OF: Readonly<Record<BurnSeverity, Severity>> = { page: 'P2', ticket: 'P3' };
const LONGEST_TITLE = 200;

/** What the row of an SLO says about its episode. */
export type Episode = Pick<Slo, 'firing' | 'incidentId'>;

const NO_EPISODE: Episode = { firing: null, incidentId: null };

/**
 * Keeps an incident for each episode, the time during which at least one burn rate fires. The caller has
 * locked the SLO and stores the returned episode.
 */
@Injectable()
export class SloEpisodes {
  constructor(private readonly incidents: AutomaticIncidents) {}

  /** Compares the burn rates with the episode, and opens, escalates or resolves the incident. */
  async follow(scope: TenantScope, slo: Slo, now: Date): Promise<Episode> {
    const rates = await burnRatesNow(scope, slo, now);
    const firing = firingSeverity(rates);
    if (firing === null) return this.end(scope, slo, now);
    if (slo.firing === null) return this.begin(scope, slo, now, rates);
    // A ticket during a page is the same episode, so only the reverse changes anything.
    if (firing === 'page' && slo.firing === 'ticket') return this.escalate(scope, slo, now, rates);
    return slo;
  }

  /** Resolves the incident of the episode, unless somebody has done so already. */
  async end(scope: TenantScope, slo: Slo, now: Date): Promise<Episode> {
    const incident = await incidentOf(scope, slo);
    if (incident && !isOver(incident)) {
      const entry = entryOf(slo, { firing: false });
      await this.incidents.change(scope, now, incident, { entry, status: 'resolved' });
    }
    return NO_EPISODE;
  }

  private async begin(
    scope: TenantScope,
    slo: Slo,
    now: Date,
    rates: readonly BurnRateView[],
  ): Promise<Episode> {
    const firing = firingSeverity(rates) ?? 'ticket';
    const { id: incidentId } = await this.incidents.open(scope, now, {
      title: titleOf(slo),
      description: describe(slo, rates),
      severity: SEVERITY_OF[firing],
      source: 'slo',
      ciIds: await itemsOf(scope, slo),
      entry: entryOf(slo, { firing: true, rates: firingRates(rates) }),
    });
    return { firing, incidentId };
  }

  /** An incident that somebody has resolved is reopened, because more is at stake now. */
  private async escalate(
    scope: TenantScope,
    slo: Slo,
    now: Date,
    rates: readonly BurnRateView[],
  ): Promise<Episode> {
    const incident = await incidentOf(scope, slo);
    if (incident)
      await this.incidents.change(scope, now, incident, {
        entry: entryOf(slo, { firing: true, rates: firingRates(rates) }),
        severity: incident.severity > SEVERITY_OF.page ? SEVERITY_OF.page : incident.severity,
        status: isOver(incident) ? 'open' : incident.status,
      });
    return { firing: 'page', incidentId: slo.incidentId };
  }
}

async function incidentOf(scope: TenantScope, { incidentId }: Slo): Promise<Incident | undefined> {
  if (incidentId === null) return undefined;
  return (await lockedIncidents(scope, [incidentId])).get(incidentId);
}

function isOver({ status }: Incident): boolean {
  return status === 'resolved' || status === 'closed';
}

/** The item of the SLO. An archived item can no longer be linked to incidents. */
async function itemsOf(scope: TenantScope, { ciId }: Slo): Promise<readonly string[]> {
  if (ciId === null) return [];
  const query = scope.query(ConfigurationItem, 'item').andWhere({ id: ciId, archivedAt: IsNull() });
  return (await lockedForShare(query).getOne()) ? [ciId] : [];
}

function firingRates(rates: readonly BurnRateView[]): readonly BurnRateView[] {
  return rates.filter(({ firing }) => firing);
}

function entryOf({ id, name }: Slo, data: Record<string, unknown>): TimelineEntry {
  return { kind: 'alert', by: null, data: { slo_id: id, slo_name: name, ...data } };
}

/** Cut between characters, because half a character cannot be stored. */
function titleOf({ name }: Slo): string {
  return [...`Error budget burns too fast: ${name}`].slice(0, LONGEST_TITLE).join('');
}

function describe(slo: Slo, rates: readonly BurnRateView[]): string {
  const lines = firingRates(rates).map(
    ({ long, short, factor, long_rate: longRate, short_rate: shortRate }) =>
      `- over ${long} ${times(longRate)}, and over ${short} ${times(shortRate)} ` +
      `(the limit is ${times(factor)})`,
  );
  const budget = `The error budget of "${slo.name}" for ${slo.windowDays} days`;
  return [`${budget} is being spent faster than the objective of ${slo.objective} allows:`, ...lines].join(
    '\n',
  );
}

function times(rate: number): string {
  return `${Number(rate.toFixed(2))} times as fast`;
}
