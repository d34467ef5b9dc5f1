import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { Audit } from '../../audit/audit';
import { HAS_LIVE_JOB } from '../../provisioning-jobs/live-jobs';
import { placeOf } from '../../registry/placements';
import { lockPlane } from '../../registry/plane-lock';
import { Tenant } from '../../registry/tenant.entity';
import { lockTenant } from '../../tenants/tenants';
import { Backups } from '../../transfers/backups';
import { homeServes } from '../../transfers/kept-copy';

const AT_ONCE = 20;

/** SQL: whether the tenant in the row aliased `tenant` has a backup that has not been erased. */
const HAS_BACKUP = `exists (select 1 from transfers backup
  where backup.tenant_id = tenant.id and backup.purpose <> 'move' and backup.key_sealed is not null)`;

/**
 * Erases backups of restored tenants that are being served. The last step of a restore
 * also erases the backup, but the restore may fail or be cancelled before that step.
 */
@Injectable()
export class OldBackups {
  constructor(
    private readonly database: Database,
    private readonly backups: Backups,
    private readonly audit: Audit,
  ) {}

  async sweep(): Promise<void> {
    const due = await this.database.read((manager) => this.due(manager).limit(AT_ONCE).getMany());
    for (const { id } of due) await this.database.write((manager) => this.erase(manager, id));
  }

  /**
   * Checks the tenant again under locks. The locks block jobs for the
   * tenant, and enrolments by its home, until the transaction ends.
   */
  private async erase(manager: EntityManager, tenantId: string): Promise<void> {
    await lockTenant(manager, tenantId);
    const home = await placeOf(manager, tenantId);
    if (home) await lockPlane(manager, home.tenantPlaneId);
    if (!(await this.due(manager).andWhere({ id: tenantId }).getExists())) return;
    await this.backups.erase(manager, tenantId);
    const subject = { targetKind: 'tenant', targetId: tenantId };
    await this.audit.record(manager, { action: 'tenant.backup_erased', ...subject });
  }

  private due(manager: EntityManager): SelectQueryBuilder<Tenant> {
    return manager
      .createQueryBuilder(Tenant, 'tenant')
      .where({ status: In(['active', 'suspended']) })
      .andWhere(HAS_BACKUP)
      .andWhere(homeServes(this.database, 'tenant.id'))
      .andWhere(`not ${HAS_LIVE_JOB}`, { live: LIVE_JOB_STATUSES });
  }
}
