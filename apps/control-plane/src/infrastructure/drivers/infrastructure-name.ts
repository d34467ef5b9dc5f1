import { infrastructureName as nameFor } from '@atlas/tenancy';
import { type InfrastructureSubject } from './infrastructure-driver';

/**
 * Names all that a driver makes for one plane (folder, database, role, ...): readable, and never another's.
 */
export function infrastructureName({
  slug,
  tenantPlaneId,
}: Pick<InfrastructureSubject, 'slug' | 'tenantPlaneId'>): string {
  return nameFor(slug, tenantPlaneId);
}

/** Whether a name may be one of those. */
export function isInfrastructureName(name: string): boolean {
  return /^atlas_[a-z0-9_]+_[0-9a-f]{8}$/.test(name);
}

/** The name of the tenant plane that such a name was made for. */
export function planeNameOf(name: string): string {
  return name.replace(/^atlas_/, '').replaceAll('_', '-');
}
