import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { type IncidentView } from '@atlas/tenant-api/incidents';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Alert } from '../alerts/alert.entity';
import { ConfigurationItem } from '../cmdb/configuration-item.entity';
import { type SignedInUser } from '../credentials/signed-in-user';
import { User } from '../credentials/user.entity';
import { Incidents } from '../incidents/incidents';
import { TimelineItem } from '../incidents/timeline-item.entity';
import { mentionedHosts, nameTokens, textIn } from './known-hosts';

const MAX_TIMELINE = 40;
const MAX_ALERTS = 20;
const MAX_ITEMS = 20;
const NAMES_PER_QUERY = 1000;
/** A question has far fewer words. What comes after them is rarely sent. */
const MAX_NAMES = 10 * NAMES_PER_QUERY;

/** What is known about an incident, and the names that must not leave the plane with it. */
export interface Facts {
  readonly incident: IncidentView;
  /** The latest items, oldest first. */
  readonly timeline: readonly TimelineItem[];
  readonly alerts: readonly Alert[];
  readonly items: readonly ConfigurationItem[];
  readonly userNames: readonly string[];
  readonly hostNames: readonly string[];
}

/** Reads what a question to an AI may be about. */
@Injectable()
export class IncidentFacts {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly incidents: Incidents,
  ) {}

  /** Throws `incident_not_found`. */
  async of(tenantId: string, by: SignedInUser, incidentId: string): Promise<Facts> {
    const incident = await this.incidents.get(tenantId, by, incidentId);
    return this.tenants.read(tenantId, async (scope) => {
      const timeline = await scope.find(TimelineItem, {
        where: { incidentId },
        order: { position: 'DESC' },
        take: MAX_TIMELINE,
      });
      const alerts = await scope.find(Alert, {
        where: { incidentId },
        order: { id: 'DESC' },
        take: MAX_ALERTS,
      });
      const ids = incident.ci_ids.slice(0, MAX_ITEMS);
      const items = ids.length === 0 ? [] : await scope.find(ConfigurationItem, { where: { id: In(ids) } });
      const known = { incident, timeline: timeline.toReversed(), alerts, items };
      const users = await scope.find(User, { select: { name: true } });
      const tokens = nameTokens(textIn(known));
      const mentioned = await itemsNamed(scope, tokens.slice(0, MAX_NAMES));
      return {
        ...known,
        userNames: users.map(({ name }) => name),
        // What was not looked up may be a host.
        hostNames: [
          ...mentionedHosts({ items: [...items, ...mentioned], alerts }),
          ...tokens.slice(MAX_NAMES),
        ],
      };
    });
  }
}

/** The part of a name before the first dot. */
const SHORT_NAME = {
  postgres: "split_part(item.name, '.', 1)",
  sqlite: "substr(item.name, 1, instr(item.name || '.', '.') - 1)",
};

/** The tenant's items with these names, in full or without a domain, whether or not they are affected. */
async function itemsNamed(scope: TenantScope, names: readonly string[]): Promise<ConfigurationItem[]> {
  const found: ConfigurationItem[] = [];
  const isPostgres = scope.manager.connection.options.type === 'postgres';
  const short = SHORT_NAME[isPostgres ? 'postgres' : 'sqlite'];
  for (let from = 0; from < names.length; from += NAMES_PER_QUERY) {
    const query = scope
      .query(ConfigurationItem, 'item')
      .andWhere(`(lower(item.name) in (:...names) or lower(${short}) in (:...names))`, {
        names: names.slice(from, from + NAMES_PER_QUERY),
      });
    found.push(...(await query.getMany()));
  }
  return found;
}
