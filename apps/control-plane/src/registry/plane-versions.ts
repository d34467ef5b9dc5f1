import { DomainError } from '@atlas/platform';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { isBehind } from '../config/version-policy';
import { TenantPlane } from './tenant-plane.entity';
import { type Transfer } from './transfer.entity';

/**
 * The versions of enrolled planes that are not older than
 * `version`. An older plane could not store a newer plane's rows.
 */
export async function versionsFrom(manager: EntityManager, version: string): Promise<string[]> {
  const planes = await manager.find(TenantPlane, {
    where: { status: 'enrolled', version: Not(IsNull()) },
    select: { id: true, version: true },
  });
  const versions = new Set(planes.flatMap((plane) => plane.version ?? []));
  return [...versions].filter((one) => !isBehind(one, version));
}

/** Why rows must not move from the given plane to `target`, or null if they may. */
export function olderTarget({ name, version }: TenantPlane, target: TenantPlane): string | null {
  return tooOld(target, version, `${name}, which has the tenant's rows, runs ${version}`);
}

/** Why a backup must not be restored to `target`, or null if it may be. */
export function olderThanBackup({ version }: Transfer, target: TenantPlane): string | null {
  return tooOld(target, version, `the backup was made by a tenant plane that ran ${version}`);
}

function tooOld(target: TenantPlane, version: string | null, origin: string): string | null {
  if (version === null || target.version === null || !isBehind(target.version, version)) return null;
  return (
    `Tenant plane ${target.name} runs ${target.version}, but ${origin}. The older version could not ` +
    `store all rows. Upgrade ${target.name} to ${version} first.`
  );
}

export function targetPlaneOlder(detail: string): DomainError {
  return new DomainError('target_plane_older', 'conflict', detail);
}
