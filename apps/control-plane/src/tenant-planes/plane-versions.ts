import { DomainError } from '@atlas/platform';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { TenantPlane } from './tenant-plane.entity';
import { isBehind } from './version-policy';

/** Versions of planes here that know all that one of this version knows: rows of a newer plane are not for an older one. */
export async function versionsFrom(manager: EntityManager, version: string): Promise<string[]> {
  const planes = await manager.find(TenantPlane, {
    where: { status: 'enrolled', version: Not(IsNull()) },
    select: { id: true, version: true },
  });
  const versions = new Set(planes.flatMap((plane) => plane.version ?? []));
  return [...versions].filter((one) => !isBehind(one, version));
}

/** Says why rows must not go from one plane to the other, or null. */
export function olderTarget(source: TenantPlane, target: TenantPlane): string | null {
  if (source.version === null || target.version === null) return null;
  if (!isBehind(target.version, source.version)) return null;
  return `Tenant plane ${target.name} runs ${target.version}, and ${source.name}, which has the tenant's rows, runs ${source.version}. The older one could not store all of them: upgrade ${target.name} to ${source.version} first.`;
}

export function targetPlaneOlder(detail: string): DomainError {
  return new DomainError('target_plane_older', 'conflict', detail);
}
