import { type TokenView, type InstallBundle } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { type Page, Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ProvisioningToken } from '../enrolment/provisioning-token.entity';
import { ProvisioningTokens } from '../enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../enrolment/single-tenant-planes';
import { JobControl } from '../lifecycle/job-control';
import { AWAIT_ENROLMENT } from '../operations/provision/await-enrolment.step';
import { AWAIT_REENROLMENT } from '../operations/rotate-secret/await-reenrolment.step';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';
import { type TenantPlane, isCell } from '../registry/tenant-plane.entity';
import { TENANT_WRITES, requireStatus } from '../registry/tenant-writes';
import { lockTenant, requireTenant } from '../tenants/tenants';

/** Issues, lists and revokes provisioning tokens for a tenant's own plane. */
@Injectable()
export class TenantTokens {
  constructor(
    private readonly database: Database,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly jobs: JobControl,
    private readonly waker: ProvisioningWaker,
    private readonly clock: Clock,
  ) {}

  /** Replaces the live token. Resumes a job that timed out waiting for the enrolment. */
  issue(tenantId: string, ttlSeconds?: number): Promise<InstallBundle> {
    return this.database.write(async (manager) => {
      requireStatus(await lockTenant(manager, tenantId), TENANT_WRITES.provisioningToken);
      const plane = await this.planeOf(manager, tenantId);
      const install = await this.tokens.issue(manager, plane, ttlSeconds);
      await this.jobs.resumeAt(manager, { tenantId }, AWAIT_ENROLMENT);
      await this.jobs.resumeAt(manager, { tenantPlaneId: plane.id }, AWAIT_REENROLMENT);
      await this.wake(manager, tenantId, plane.id);
      return install;
    });
  }

  async list(tenantId: string): Promise<Page<TokenView>> {
    const plane = await this.database.read((manager) => this.planeOf(manager, tenantId));
    const tokens = await this.tokens.list(plane.id);
    return { items: tokens.map((token) => viewOf(token, this.clock.now())), next_cursor: null };
  }

  revoke(tenantId: string, tokenId: string): Promise<void> {
    return this.database.write(async (manager) => {
      const plane = await this.planeOf(manager, tenantId);
      const token = await this.tokens.find(manager, plane.id, tokenId);
      if (!token)
        throw new DomainError('not_found', 'not_found', 'The tenant has no provisioning token with this id.');
      if (await this.tokens.revoke(manager, token.id)) return this.wake(manager, tenantId, plane.id);
      // Reads the token again, because an enrolment may have redeemed it in the meantime.
      const { consumedAt } = await manager.findOneByOrFail(ProvisioningToken, { id: token.id });
      if (consumedAt) throw alreadyUsed(plane.id);
    });
  }

  private async wake(manager: EntityManager, tenantId: string, tenantPlaneId: string): Promise<void> {
    await this.waker.wakeForTenants(manager, [tenantId]);
    await this.waker.wakeForPlanes(manager, [tenantPlaneId]);
  }

  private async planeOf(manager: EntityManager, tenantId: string): Promise<TenantPlane> {
    await requireTenant(manager, tenantId);
    // During a move, the target plane is the one that has yet to enrol.
    const coming = await this.planes.find(manager, tenantId, 'importing');
    const plane = coming ?? (await this.planes.find(manager, tenantId));
    if (plane && !isCell(plane)) return plane;
    const detail = 'The tenant has no tenant plane of its own, so it has no provisioning tokens.';
    throw new DomainError('no_tenant_plane', 'conflict', detail);
  }
}

function alreadyUsed(planeId: string): DomainError {
  const detail =
    'A tenant plane has already enrolled with this token, so it can no longer be revoked. If the plane ' +
    `should not have enrolled, revoke its secret: POST /api/tenant-planes/${planeId}/rotate-secret with ` +
    '{"mode":"compromised"}.';
  return new DomainError('token_already_used', 'conflict', detail);
}

/** Shows the token's state, never its secret. */
function viewOf(token: ProvisioningToken, now: Date): TokenView {
  return {
    id: token.id,
    state: stateOf(token, now),
    issued_by: token.issuedBy,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    revoked_at: token.revokedAt,
    consumed_at: token.consumedAt,
  };
}

function stateOf({ consumedAt, revokedAt, expiresAt }: ProvisioningToken, now: Date): TokenView['state'] {
  if (consumedAt) return 'consumed';
  if (revokedAt) return 'revoked';
  return expiresAt > now ? 'live' : 'expired';
}
