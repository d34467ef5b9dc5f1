import { type TenantScope } from '@atlas/persistence';
import { rowsRefused } from './archive-refusals';

/** By table: finds a row that disagrees with rows of other tables, so that later changes would fail. */
const DISAGREEMENTS: Readonly<Record<string, string>> = {
  incident_timeline: `select 1 from incident_timeline item
    join incidents incident on incident.tenant_id = $1 and incident.id = item.incident_id
    where item.tenant_id = $1 and item.position > incident.timeline_length limit 1`,
  tenant_counters: `select 1 from incidents
    where tenant_id = $1 and cast(substr(number, 5) as bigint) > coalesce(
      (select value from tenant_counters where tenant_id = $1 and series = 'incident'), 0) limit 1`,
};

/** Throws `archive_rows_refused`. */
export async function requireAgreement({ manager, tenantId }: TenantScope): Promise<void> {
  for (const [table, disagreement] of Object.entries(DISAGREEMENTS))
    if ((await manager.query<unknown[]>(disagreement, [tenantId])).length > 0) throw rowsRefused(table);
}
