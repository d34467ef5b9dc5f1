import { together } from '@atlas/persistence';
import { SIGNUP_KEY_PURPOSE, SIGNUP_TOKEN_SECONDS, SIGNUP_TOKEN_TYPE } from '@atlas/plane-contract';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { SigningKeys } from '../signing-keys/signing-keys';
import { placeOf } from '../tenant-planes/placements';
import { Tenant } from './tenant.entity';

export interface SignupLink {
  readonly url: string;
  readonly token: string;
  readonly expires_at: string;
}

/** The first admin's way in: a signed token that the tenant plane checks without calling us. */
@Injectable()
export class SignupLinks {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  async create(manager: EntityManager, tenantId: string): Promise<SignupLink> {
    const [tenant, placement] = await together([
      manager.findOneByOrFail(Tenant, { id: tenantId }),
      placeOf(manager, tenantId),
    ]);
    if (!placement || !tenant.url) {
      throw new DomainError(
        'tenant_not_placed',
        'conflict',
        'The tenant has no tenant plane yet. Wait for its provisioning to finish.',
      );
    }
    const expiresAt = new Date(this.clock.now().getTime() + SIGNUP_TOKEN_SECONDS * 1000);
    const token = await this.keys.sign(
      SIGNUP_KEY_PURPOSE,
      SIGNUP_TOKEN_TYPE,
      (jwt) =>
        jwt
          .setAudience(placement.tenantPlaneId)
          .setSubject(tenantId)
          .setJti(uuidv7(this.clock.now()))
          .setExpirationTime(Math.floor(expiresAt.getTime() / 1000)),
      { email: tenant.adminEmail },
    );
    // In the fragment, so that it reaches no server's log.
    return { url: `${tenant.url}/signup#token=${token}`, token, expires_at: expiresAt.toISOString() };
  }
}
