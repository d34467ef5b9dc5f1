import { type TenantScope, lockedForShare, lockedForUpdate } from '@atlas/persistence';
import { IsNull } from 'typeorm';
import { Slo } from './slo.entity';
import { sloNotFound } from './slo.errors';

/**
 * Locks the SLO. With `share`, it is neither changed nor deleted before the transaction ends. Throws
 * `slo_not_found`.
 */
export async function lockedSlo(scope: TenantScope, id: string, lock: 'share' | 'update'): Promise<Slo> {
  const query = scope.query(Slo, 'slo').andWhere({ id, deletedAt: IsNull() });
  const slo = await (lock === 'share' ? lockedForShare(query) : lockedForUpdate(query)).getOne();
  if (!slo) throw sloNotFound();
  return slo;
}

/** Reads the SLO. Throws `slo_not_found`. */
export async function existingSlo(scope: TenantScope, id: string): Promise<Slo> {
  const slo = await scope.findOne(Slo, { id, deletedAt: IsNull() });
  if (!slo) throw sloNotFound();
  return slo;
}
