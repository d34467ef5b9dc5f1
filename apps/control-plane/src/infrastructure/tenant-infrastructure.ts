import { profileOf } from '@atlas/deployment-profiles';
import { RecordInfrastructureDto, type TenantView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError, Secret } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { DatabaseUrls } from '../desired-state/database-urls';
import { SingleTenantPlanes } from '../enrolment/single-tenant-planes';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';
import { lockPlaneInUse } from '../registry/plane-lock';
import { TENANT_WRITES, requireStatus } from '../registry/tenant-writes';
import { Tenants, lockTenant, requireTenant } from '../tenants/tenants';

/** Records where a tenant's own database and tenant plane are, and discloses the database URL. */
@Injectable()
export class TenantInfrastructure {
  constructor(
    private readonly database: Database,
    private readonly tenants: Tenants,
    private readonly planes: SingleTenantPlanes,
    private readonly urls: DatabaseUrls,
    private readonly waker: ProvisioningWaker,
    private readonly audit: Audit,
  ) {}

  /** Records infrastructure that was created elsewhere, and wakes the job that waits for it. */
  async record(id: string, dto: RecordInfrastructureDto): Promise<TenantView> {
    await this.database.write(async (manager) => {
      const tenant = await lockTenant(manager, id);
      const coming = await this.planes.find(manager, id, 'importing');
      requireStatus(tenant, coming ? TENANT_WRITES.comingInfrastructure : TENANT_WRITES.infrastructure);
      const { deploymentModel: model } = coming ?? tenant;
      if (!profileOf(model).infrastructureCreated) throw notDedicated();
      // The job may not have registered the plane yet.
      const home = { model, phase: 'serving' } as const;
      const plane = coming ?? (await this.planes.ensure(manager, tenant, home));
      await lockPlaneInUse(manager, plane.id);
      const made = { endpointUrl: dto.endpoint_url, dbUrl: new Secret(dto.db_url) };
      await this.urls.record(manager, plane.id, made, coming ? null : tenant);
      await this.audit.record(manager, {
        action: 'tenant.infrastructure_recorded',
        targetKind: 'tenant',
        targetId: id,
        before: { endpoint_url: tenant.endpointUrl, has_db_url: tenant.dbUrlSealed !== null },
        after: { endpoint_url: dto.endpoint_url, has_db_url: true },
      });
      await this.waker.wakeForTenants(manager, [id]);
    });
    return this.tenants.get(id);
  }

  /** The URL is a secret, so the read is audited before the URL is returned. */
  async databaseUrl(id: string): Promise<{ db_url: string }> {
    const url = await this.database.write(async (manager) => {
      const opened = this.urls.open(await requireTenant(manager, id));
      const entry = { action: 'tenant.db_url_read', targetKind: 'tenant', targetId: id };
      if (opened !== null) await this.audit.record(manager, entry);
      return opened;
    });
    if (url === null)
      throw new DomainError('no_db_url', 'not_found', 'No dedicated database is recorded for this tenant.');
    return { db_url: url.reveal() };
  }
}

function notDedicated(): DomainError {
  const detail = 'Infrastructure can be recorded only for dedicated tenants.';
  return new DomainError('not_dedicated', 'conflict', detail);
}
