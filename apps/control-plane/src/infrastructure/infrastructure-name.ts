import { type InfrastructureSubject } from './infrastructure-driver';

/** Names all that a driver makes for one plane (folder, database, role, ...): readable, and never another's. */
export function infrastructureName({ slug, tenantPlaneId }: InfrastructureSubject): string {
  return `atlas_${slug.replaceAll('-', '_')}_${tenantPlaneId.slice(-8)}`;
}
