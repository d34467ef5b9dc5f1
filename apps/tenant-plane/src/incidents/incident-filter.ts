import { type TenantScope } from '@atlas/persistence';
import { type ListIncidentsQuery } from '@atlas/tenant-api/incidents';
import { type SelectQueryBuilder } from 'typeorm';
import { includes } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { AffectedItem } from './affected-item.entity';
import { READ_ALL_INCIDENTS } from './incident-permissions';
import { Incident } from './incident.entity';
import { containing } from './text-search';

export type Reader = Pick<SignedInUser, 'id' | 'role'>;

/** A page of incidents, newest first, and one more if there is another page. */
export function incidentsMatching(
  scope: TenantScope,
  reader: Reader,
  filter: ListIncidentsQuery,
): SelectQueryBuilder<Incident> {
  const { cursor, limit, status, severity, q } = filter;
  const query = scope
    .query(Incident, 'incident')
    .orderBy('incident.id', 'DESC')
    .take(limit + 1);
  if (cursor) query.andWhere('incident.id < :cursor', { cursor });
  if (status) query.andWhere({ status });
  if (severity) query.andWhere({ severity });
  if (filter.assignee_id) query.andWhere({ assigneeId: filter.assignee_id });
  if (!includes(reader.role, READ_ALL_INCIDENTS)) query.andWhere({ createdBy: reader.id });
  if (filter.ci_id) {
    const affected = query
      .subQuery()
      .select('item.incidentId')
      .from(AffectedItem, 'item')
      .where('item.tenantId = :tenantId and item.itemId = :ciId');
    query.andWhere(`incident.id in ${affected.getQuery()}`, { ciId: filter.ci_id });
  }
  if (q !== undefined) {
    const isPostgres = scope.manager.connection.options.type === 'postgres';
    const { operator, pattern } = containing(isPostgres ? 'postgres' : 'sqlite', q);
    const columns = ['title', 'description', 'number'];
    const conditions = columns.map((column) => `incident.${column} ${operator} :pattern`);
    query.andWhere(`(${conditions.join(' or ')})`, { pattern });
  }
  return query;
}
