import { type TenantScope, plannedForValues } from '@atlas/persistence';
import { type IncidentState, type ListIncidentsQuery } from '@atlas/tenant-api/incidents';
import { IsNull, type SelectQueryBuilder } from 'typeorm';
import { includes } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { whereContains } from '../database/text-search';
import { AffectedItem } from './affected-item.entity';
import { READ_ALL_INCIDENTS } from './incident-permissions';
import { Incident } from './incident.entity';
import { slaCondition } from './sla-condition';

export type Reader = Pick<SignedInUser, 'id' | 'role'>;

/** The states as conditions. That of `open` must be worded like that of the index on open incidents. */
export const IN_STATE: Readonly<Record<IncidentState, string>> = {
  open: `incident.status not in ('resolved', 'closed')`,
  over: `incident.status in ('resolved', 'closed')`,
};

/** All incidents that the user may see. Requesters see only those that they reported. */
export function visibleIncidents(scope: TenantScope, { id, role }: Reader): SelectQueryBuilder<Incident> {
  const query = scope.query(Incident, 'incident');
  return includes(role, READ_ALL_INCIDENTS) ? query : query.andWhere({ createdBy: id });
}

/** A page of incidents, newest first, and one more if there is another page. */
export function incidentsMatching(
  scope: TenantScope,
  reader: Reader,
  filter: ListIncidentsQuery,
  now: Date,
): SelectQueryBuilder<Incident> {
  const { cursor, limit, ...wanted } = filter;
  const { status, state, severity, sla, q } = wanted;
  const query = visibleIncidents(scope, reader)
    .orderBy('incident.id', 'DESC')
    .take(limit + 1);
  if (Object.values(wanted).some((value) => value !== undefined)) plannedForValues(query);
  if (cursor) query.andWhere('incident.id < :cursor', { cursor });
  if (status) query.andWhere({ status });
  if (state) query.andWhere(IN_STATE[state]);
  if (severity) query.andWhere({ severity });
  if (filter.assignee_id) query.andWhere({ assigneeId: filter.assignee_id });
  if (filter.unassigned) query.andWhere({ assigneeId: IsNull() });
  if (sla) query.andWhere(slaCondition(query, sla, now));
  if (filter.ci_id) {
    const affected = query
      .subQuery()
      .select('item.incidentId')
      .from(AffectedItem, 'item')
      .where('item.tenantId = :tenantId and item.itemId = :ciId');
    query.andWhere(`incident.id in ${affected.getQuery()}`, { ciId: filter.ci_id });
  }
  if (q !== undefined) whereContains(query, ['title', 'description', 'number'], q);
  return query;
}
