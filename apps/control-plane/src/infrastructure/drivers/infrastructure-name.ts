import { infrastructureName as nameFor } from '@atlas/tenancy';
import { type InfrastructureSubject } from './infrastructure-driver';

/** The readable, unique name of what a driver creates for a plane, such as a folder, a database or a role. */
export function infrastructureName({
  slug,
  stem = slug,
  tenantPlaneId,
}: Pick<InfrastructureSubject, 'slug' | 'stem' | 'tenantPlaneId'>): string {
  return nameFor(stem, tenantPlaneId);
}

/** Whether a name has the form of {@link infrastructureName}. */
export function isInfrastructureName(name: string): boolean {
  return /^atlas_[a-z0-9_]+_[0-9a-f]{8}$/.test(name);
}

/** The name of the tenant plane to which an {@link infrastructureName} belongs. */
export function planeNameOf(name: string): string {
  return name.replace(/^atlas_/, '').replaceAll('_', '-');
}
