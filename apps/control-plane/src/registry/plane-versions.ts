import { DomainError } from '@atlas/platform';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { isBehind } from '../config/version-policy';
import { TenantPlane } from './tenant-plane.entity';
import { type Transfer } from './transfer.entity';

/**
 * Versions of planes here that know all that one of this version
 * knows: rows of a newer plane are not for an older one.
 */
export async function versionsFrom(manager: EntityManager, version: string): Promise<string[]> {
  const planes = await manager.find(TenantPlane, {
    where: { status: 'enrolled', version: Not(IsNull()) },
    select: { id: true, version: true },
  });
  const versions = new Set(planes.flatMap((plane) => plane.version ?? []));
  return [...versions].filter((one) => !isBehind(one, version));
}

/** Says why rows must not go from one plane to the other, or null. */
export function olderTarget({ name, version }: TenantPlane, target: TenantPlane): string | null {
  return tooOld(target, version, `${name}, which has the tenant's rows, runs ${version}`);
}

/** Says why a backup must not go to a plane, or null. */
export function olderThanBackup({ version }: Transfer, target: TenantPlane): string | null {
  return tooOld(target, version, `the backup was made by a tenant plane that ran ${version}`);
}

function tooOld(target: TenantPlane, version: string | null, origin: string): string | null {
  if (version === null || target.version === null || !isBehind(target.version, version)) return null;
  return (
    `Tenant plane ${target.name} runs ${target.version}, and ${origin}. The older one could not store ` +
    `all rows: upgrade ${target.name} to ${version} first.`
  );
}

export function targetPlaneOlder(detail: string): DomainError {
  return new DomainError('target_plane_older', 'conflict', detail);
}
