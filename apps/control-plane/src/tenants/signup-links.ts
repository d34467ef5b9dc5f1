import { type SignupLink } from '@atlas/operator-api';
import { Database, deleteOldRows, insertRow, lockedForUpdate, together } from '@atlas/persistence';
import { SIGNUP_KEY_PURPOSE, SIGNUP_TOKEN_SECONDS, SIGNUP_TOKEN_TYPE } from '@atlas/plane-contract';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { type IssuedBy, LinkKind, issueOf } from '../accounts/issued-links';
import { DesiredStates } from '../desired-state/desired-states';
import { MintedSignupLink } from '../desired-state/minted-signup-link.entity';
import { placeOf } from '../registry/placements';
import { Tenant } from '../registry/tenant.entity';
import { SigningKeys } from '../signing-keys/signing-keys';

/**
 * How long after its expiry a link is still sent to tenant planes, because a plane's clock may be slow.
 */
const KEPT_MS = 24 * 3600_000;

interface Ready {
  readonly tenantPlaneId: string;
  readonly email: string;
  readonly url: string;
}

/**
 * Sign-up links for a tenant's first admin: signed tokens that
 * the tenant plane verifies without calling the Control Plane.
 */
@Injectable()
export class SignupLinks extends LinkKind {
  readonly scope = 'tenants:write';

  constructor(
    private readonly database: Database,
    private readonly keys: SigningKeys,
    private readonly desiredStates: DesiredStates,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** A link without an issuer belongs to the system, so no change to an operator or API key revokes it. */
  async create(manager: EntityManager, tenantId: string, issuer?: OperatorCaller): Promise<SignupLink> {
    const { tenantPlaneId, email, url } = await this.requireReady(manager, tenantId);
    const now = this.clock.now();
    const until = new Date(now.getTime() + SIGNUP_TOKEN_SECONDS * 1000);
    const nobody = { issuedBy: null, issuedWith: null, expiresAt: until };
    const issue = issuer ? await issueOf(manager, issuer, until) : nobody;
    const jti = uuidv7(now);
    await insertRow(manager, MintedSignupLink, { jti, tenantId, tenantPlaneId, ...issue, revokedAt: null });
    const token = await this.keys.sign(
      SIGNUP_KEY_PURPOSE,
      SIGNUP_TOKEN_TYPE,
      (jwt) =>
        jwt
          .setAudience(tenantPlaneId)
          .setSubject(tenantId)
          .setJti(jti)
          .setExpirationTime(Math.floor(issue.expiresAt.getTime() / 1000)),
      { email },
    );
    // Browsers do not send the fragment, so the token appears in no server's log.
    return { url: `${url}/signup#token=${token}`, token, expires_at: issue.expiresAt.toISOString() };
  }

  /**
   * Locks the tenant, because otherwise a move that finishes in
   * the meantime would not publish the new link to the new home.
   */
  async requireReady(manager: EntityManager, tenantId: string): Promise<Ready> {
    const [tenant, placement] = await together([
      lockedForUpdate(manager.createQueryBuilder(Tenant, 'tenant').where({ id: tenantId })).getOneOrFail(),
      placeOf(manager, tenantId),
    ]);
    if (placement && tenant.url)
      return { tenantPlaneId: placement.tenantPlaneId, email: tenant.adminEmail, url: tenant.url };
    throw new DomainError(
      'tenant_not_placed',
      'conflict',
      'The tenant has no tenant plane yet. Wait for its provisioning to finish.',
    );
  }

  /**
   * Revokes the matching links, and publishes the revocation to the tenants' homes in the same transaction.
   */
  async end(manager: EntityManager, { where, parameters }: IssuedBy): Promise<number> {
    const isLive = `${where} and revoked_at is null`;
    const tenants = { select: `select tenant_id from signup_links where ${isLive}`, parameters };
    const affected = manager
      .createQueryBuilder(Tenant, 'tenant')
      .select('tenant.id')
      .where(`tenant.id in (${tenants.select})`, parameters)
      .orderBy('tenant.id');
    if ((await lockedForUpdate(affected).getMany()).length === 0) return 0;
    await this.desiredStates.publishHomes(manager, tenants);
    const { affected: ended } = await manager
      .createQueryBuilder()
      .update(MintedSignupLink)
      .set({ revokedAt: this.clock.now() })
      .where(isLive, parameters)
      .execute();
    return ended ?? 0;
  }

  async sweep(): Promise<void> {
    const where = { expiresAt: LessThan(new Date(this.clock.now().getTime() - KEPT_MS)) };
    const write = this.database.write.bind(this.database);
    await deleteOldRows(write, { entity: MintedSignupLink, key: 'jti', where });
  }
}
