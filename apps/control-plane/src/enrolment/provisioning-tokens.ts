import { type InstallBundle } from '@atlas/operator-api';
import { Database, insertRow } from '@atlas/persistence';
import { Clock, DomainError, type Secret, currentContext } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, MoreThan, Not } from 'typeorm';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { SealedIdempotency } from '../idempotency/sealed-idempotency';
import { lockPlaneInUse } from '../registry/plane-lock';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { INSTALL_COMMANDS } from './install-commands';
import { ProvisioningToken } from './provisioning-token.entity';

const DEFAULT_TOKEN_SECONDS = 24 * 3600;

/** Issues, redeems and revokes the one-time tokens with which tenant planes enrol. */
@Injectable()
export class ProvisioningTokens {
  constructor(
    private readonly database: Database,
    private readonly keys: ServiceKeys,
    private readonly idempotency: SealedIdempotency,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Issues a token and revokes the plane's live token, if any. Locks the plane, so that a
   * concurrent retirement either prevents the new token from being issued or revokes it.
   */
  async issue(
    manager: EntityManager,
    { id: tenantPlaneId }: Pick<TenantPlane, 'id'>,
    ttlSeconds = DEFAULT_TOKEN_SECONDS,
  ): Promise<InstallBundle> {
    const plane = await lockPlaneInUse(manager, tenantPlaneId);
    await this.revokeLive(manager, plane.id);
    const key = await this.serviceKey(manager, plane);
    const { id, value } = mintCredential('atp');
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + ttlSeconds * 1000);
    await insertRow(manager, ProvisioningToken, {
      id,
      tenantPlaneId: plane.id,
      keyId: key.keyId,
      secretHash: hashCredential(value),
      issuedBy: currentContext()?.actor?.id ?? 'system',
      createdAt: now,
      expiresAt,
      revokedAt: null,
      consumedAt: null,
      consumedBy: null,
    });
    const after = { tenant_plane_id: plane.id, expires_at: expiresAt.toISOString() };
    await this.audit.record(manager, {
      action: 'provisioning_token.issued',
      targetKind: 'provisioning_token',
      targetId: id,
      after,
    });
    return this.bundle(plane, { id, value: value.reveal(), expiresAt }, key.secret);
  }

  /**
   * Redeems the token with a conditional update, so that exactly one of several
   * concurrent callers succeeds, even across processes. Lock the plane first.
   */
  async redeem(
    manager: EntityManager,
    { id: tokenId, keyId, tenantPlaneId }: ProvisioningToken,
    instanceId: string,
  ): Promise<boolean> {
    const now = this.clock.now();
    const live = { id: tokenId, consumedAt: IsNull(), revokedAt: IsNull(), expiresAt: MoreThan(now) };
    const last = await this.lastRedeemed(manager, tenantPlaneId);
    const { affected } = await manager.update(ProvisioningToken, live, {
      // Even if the clock was set back, an earlier enrolment must not look like the latest one.
      consumedAt: new Date(Math.max(now.getTime(), (last?.consumedAt?.getTime() ?? 0) + 1)),
      consumedBy: instanceId,
    });
    if (!affected) return false;
    await this.idempotency.eraseInstall(manager, tokenId);
    await this.keys.activate(manager, tenantPlaneId, keyId);
    return true;
  }

  list(tenantPlaneId: string): Promise<ProvisioningToken[]> {
    return this.database.read((manager) =>
      manager.find(ProvisioningToken, { where: { tenantPlaneId }, order: { createdAt: 'DESC' } }),
    );
  }

  find(manager: EntityManager, tenantPlaneId: string, id: string): Promise<ProvisioningToken | null> {
    return manager.findOneBy(ProvisioningToken, { id, tenantPlaneId });
  }

  /** Whether the plane was ever issued a token. */
  wasIssued(manager: EntityManager, tenantPlaneId: string): Promise<boolean> {
    return manager.existsBy(ProvisioningToken, { tenantPlaneId });
  }

  /** Finds the token that is neither redeemed nor revoked; it may have expired. */
  findLive(manager: EntityManager, tenantPlaneId: string): Promise<ProvisioningToken | null> {
    return manager.findOneBy(ProvisioningToken, {
      tenantPlaneId,
      consumedAt: IsNull(),
      revokedAt: IsNull(),
    });
  }

  async revokeLive(manager: EntityManager, tenantPlaneId: string): Promise<void> {
    const token = await this.findLive(manager, tenantPlaneId);
    if (token) await this.revoke(manager, token.id);
  }

  /** Returns false if the token was already redeemed or revoked. */
  async revoke(manager: EntityManager, id: string): Promise<boolean> {
    const live = { id, consumedAt: IsNull(), revokedAt: IsNull() };
    const { affected } = await manager.update(ProvisioningToken, live, { revokedAt: this.clock.now() });
    if (!affected) return false;
    await this.idempotency.eraseInstall(manager, id);
    await this.audit.record(manager, {
      action: 'provisioning_token.revoked',
      targetKind: 'provisioning_token',
      targetId: id,
    });
    return true;
  }

  private async serviceKey(
    manager: EntityManager,
    plane: TenantPlane,
  ): Promise<{ keyId: string; secret: Secret }> {
    if (plane.secretMode === 'own') return this.keys.mint(manager, plane.id);
    const secret = this.config.INTERNAL_SERVICE_SECRET;
    if (secret !== undefined) return { keyId: this.keys.platformKeyId, secret };
    const detail =
      'secret "platform" requires INTERNAL_SERVICE_SECRET on the Control Plane. Set that variable, or use ' +
      'secret "own".';
    throw new DomainError('platform_secret_not_configured', 'unprocessable', detail);
  }

  /**
   * The environment for an enrolled tenant plane. It contains the current secret and, if
   * different, the secret with which the plane enrolled. The Control Plane no longer accepts
   * the older secret, but the plane needs it to decrypt a database from before a rotation.
   */
  async environmentOf(manager: EntityManager, plane: TenantPlane): Promise<Readonly<Record<string, string>>> {
    const secret = await this.keys.secretOf(manager, plane);
    const first = await this.enrolmentSecret(manager, plane.id);
    const isAnother = first !== null && !first.equals(secret);
    return {
      ...this.environmentFor(plane, secret),
      ...(isAnother && { INTERNAL_SERVICE_SECRET_PREVIOUS: first.reveal() }),
    };
  }

  /**
   * The secret used for the last enrolment. A plane whose secret has
   * leaked must enrol again, so the leaked secret is no longer returned.
   */
  private async enrolmentSecret(manager: EntityManager, tenantPlaneId: string): Promise<Secret | null> {
    const redeemed = await this.lastRedeemed(manager, tenantPlaneId);
    return redeemed && this.keys.secretById(manager, redeemed.keyId);
  }

  private lastRedeemed(manager: EntityManager, tenantPlaneId: string): Promise<ProvisioningToken | null> {
    const where = { tenantPlaneId, consumedAt: Not(IsNull()) };
    return manager.findOne(ProvisioningToken, { where, order: { consumedAt: 'DESC' } });
  }

  private environmentFor({ deploymentModel }: TenantPlane, secret: Secret): Readonly<Record<string, string>> {
    return {
      ATLAS_TP_DEPLOYMENT: deploymentModel,
      CONTROL_PLANE_BASE_URL: this.config.CONTROL_PLANE_PUBLIC_URL,
      INTERNAL_SERVICE_SECRET: secret.reveal(),
    };
  }

  private bundle(
    plane: TenantPlane,
    token: { id: string; value: string; expiresAt: Date },
    secret: Secret,
  ): InstallBundle {
    const env = {
      ...this.environmentFor(plane, secret),
      ATLAS_PROVISIONING_TOKEN: token.value,
      TENANT_PLANE_DATABASE_URL: '# a Postgres URL or a SQLite file path; if unset: SQLite under data/',
    };
    return {
      token: token.value,
      token_id: token.id,
      expires_at: token.expiresAt.toISOString(),
      env,
      commands: INSTALL_COMMANDS,
    };
  }
}
