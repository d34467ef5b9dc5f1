import { profileOf } from '@atlas/deployment-profiles';
import { StepFailure } from '@atlas/jobs';
import { type CertificateView } from '@atlas/operator-api';
import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type EntityManager, In, IsNull, Not } from 'typeorm';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { NO_SUSPENSION } from '../desired-state/tenant-status-publisher';
import { Placement } from '../registry/placement.entity';
import { mayHoldRows } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { changeTenantStatus } from '../registry/tenant-status';
import { Tenant } from '../registry/tenant.entity';
import { Transfer } from '../registry/transfer.entity';
import { DELETION_KEY_PURPOSE, SigningKeys } from '../signing-keys/signing-keys';
import { DeletionCertificate } from './deletion-certificate.entity';
import { requireTenant } from './tenants';

const CERTIFICATE_TYPE = 'atlas-deletion-certificate+jwt';
const DAY_MS = 24 * 3_600_000;

/**
 * Completes a tenant's deletion: marks the tenant deleted
 * and issues the signed certificate for its former owner.
 */
@Injectable()
export class DeletionCertificates {
  constructor(
    private readonly database: Database,
    private readonly keys: SigningKeys,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Marks the tenant as deleted. Its slug is not reused. Throws a
   * StepFailure while any of the tenant's rows may still exist.
   */
  async close(manager: EntityManager, tenantId: string, backupErasedAt?: string): Promise<void> {
    await this.requireNothingLeft(manager, tenantId);
    const issuedAt = this.clock.now();
    const closed = { ...NO_SUSPENSION, restorableUntil: null, updatedAt: issuedAt };
    await changeTenantStatus(manager, tenantId, 'deleted', closed);
    const tenant = await requireTenant(manager, tenantId);
    const certificate = await this.sign(manager, tenant, issuedAt, backupErasedAt);
    await insertRow(manager, DeletionCertificate, { tenantId, certificate, issuedAt });
  }

  /** Returns the JWS and its claims. */
  get(id: string): Promise<CertificateView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, id);
      const found = await manager.findOneBy(DeletionCertificate, { tenantId: id });
      if (!found) throw notDeleted(tenant);
      const { certificate } = found;
      const { kid } = decodeProtectedHeader(certificate);
      const public_key = this.keys.withId(kid);
      return { certificate, claims: decodeJwt(certificate), public_key };
    });
  }

  /**
   * Throws if a plane that is still trusted has a place for the tenant, or has not reported the removal of
   * the tenant's rows.
   */
  private async requireNothingLeft(manager: EntityManager, tenantId: string): Promise<void> {
    const places = (await manager.findBy(Placement, { tenantId })).filter(mayHoldRows);
    const planes = {
      id: In(places.map(({ tenantPlaneId }) => tenantPlaneId)),
      status: Not('retired' as const),
    };
    const left = await manager.findOneBy(TenantPlane, planes);
    if (!left) return;
    const detail = `Tenant plane ${left.name} may still have the tenant's rows. No certificate was issued.`;
    const fix = 'Atlas on-call: remove what is left (GET /api/drifts may show it), then retry the job.';
    throw new StepFailure('operator', 'rows_left', detail, fix);
  }

  private async sign(
    manager: EntityManager,
    tenant: Tenant,
    now: Date,
    erasedAt = now.toISOString(),
  ): Promise<string> {
    const { id, slug, deploymentModel } = tenant;
    const [backup] = await manager.find(Transfer, {
      // Includes a backup that a restore was using.
      where: { tenantId: id, purpose: Not('move' as const), manifest: Not(IsNull()) },
      order: { id: 'DESC' },
      take: 1,
    });
    const rows = Object.entries(backup?.manifest ?? {}).map(([table, entry]) => [table, entry.rows] as const);
    const claims = {
      slug,
      deployment_model: deploymentModel,
      data_held_by: profileOf(deploymentModel).dataResidency.heldBy,
      // Counts only rows that Atlas stored.
      rows_removed: Object.fromEntries(rows),
      backup_erased_at: backup ? erasedAt : null,
      // When the last backup of an entire database with the tenant's rows expires. Such backups are made by
      // whoever runs the database.
      database_backups_expire_at: new Date(
        now.getTime() + this.config.DATABASE_BACKUP_DAYS * DAY_MS,
      ).toISOString(),
    };
    const { CONTROL_PLANE_PUBLIC_URL: issuer } = this.config;
    return this.keys.sign(
      DELETION_KEY_PURPOSE,
      CERTIFICATE_TYPE,
      (jwt) =>
        jwt
          .setIssuer(issuer)
          .setSubject(id)
          .setJti(uuidv7(now))
          .setIssuedAt(Math.floor(now.getTime() / 1000)),
      claims,
    );
  }
}

function notDeleted(tenant: Tenant): DomainError {
  return new DomainError('not_deleted', 'not_found', whyNot(tenant));
}

/** Why a tenant has no certificate. */
function whyNot({ restorableUntil, status }: Tenant): string {
  if (restorableUntil)
    return (
      `The tenant can be restored until ${restorableUntil.toISOString()}. The certificate is issued ` +
      "afterwards, once the tenant's backup has been erased."
    );
  if (status !== 'deleted') return 'The tenant is not deleted.';
  return (
    'There is no certificate, because the provisioning of this tenant was rolled back before the tenant ' +
    'was active. Nobody could use it, so there was no data to delete.'
  );
}
