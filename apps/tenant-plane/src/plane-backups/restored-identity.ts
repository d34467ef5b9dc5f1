import { randomUUID } from 'node:crypto';
import { type EntityManager } from 'typeorm';
import { LinkCutRow } from '../plane-identity/link-cut.entity';
import { PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { type BackupManifest } from './backup-manifest';

/**
 * Makes the restored plane a new incarnation of the same plane, so that the Control Plane can tell it from
 * the plane that was backed up. The plane's time continues from the backup, so setting the clock back gains
 * nothing. No process holds the link.
 */
export async function renew(manager: EntityManager, backup: BackupManifest): Promise<string> {
  const incarnation = randomUUID();
  const identity = await manager.findOneByOrFail(PlaneIdentity, { id: 1 });
  const latest = Math.max(identity.latestTime?.getTime() ?? 0, new Date(backup.created_at).getTime());
  await manager.update(
    PlaneIdentity,
    { id: 1 },
    {
      incarnation,
      restoredFrom: backup.id,
      copyNoticedAt: null,
      latestTime: new Date(latest),
      leaseOwner: null,
      leaseExpiresAt: null,
    },
  );
  // An outage that was being rehearsed is not rehearsed here.
  await manager.update(LinkCutRow, { id: 1 }, { rehearsalId: null, begunAt: null, endsAt: null });
  return incarnation;
}
