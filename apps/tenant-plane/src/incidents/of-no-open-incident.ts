/** The condition that the row of this alias, if it has an incident, has a closed one. */
export function ofNoOpenIncident(alias: string): string {
  const own = `incidents.tenant_id = ${alias}.tenantId and incidents.id = ${alias}.incidentId`;
  return `not exists (select 1 from incidents where ${own} and incidents.status <> 'closed')`;
}
