import {
  LEASE_ALGORITHM,
  LEASE_KEY_PURPOSE,
  LEASE_TYPE,
  type DesiredTenant,
  type LeaseClaims,
} from '@atlas/plane-contract';
import { BoundedMap } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { compactVerify, createLocalJWKSet } from 'jose';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { TrustedTime } from '../plane-identity/trusted-time';
import { type Tenant } from './tenant.entity';

const MAX_CACHED = 10_000;

/** Why a lease is not accepted, as a sentence that says what to do. */
export class LeaseRefused extends Error {}

/** Verifies leases with the keys that the Control Plane has published. Makes no call, so it works offline. */
@Injectable()
export class Leases {
  private readonly logger = new Logger(Leases.name);
  /** The claims of verified leases. */
  private readonly verified = new BoundedMap<string, LeaseClaims>(MAX_CACHED);

  constructor(
    private readonly identities: PlaneIdentities,
    private readonly time: TrustedTime,
  ) {}

  /**
   * The claims of a lease that this plane has not accepted yet. Throws {@link LeaseRefused} unless it is for
   * this tenant on this plane, and has not expired.
   */
  async verify(lease: string, tenantId: string): Promise<LeaseClaims> {
    const claims = await this.read(lease, tenantId);
    if (claims.exp * 1000 > this.time.now().getTime()) return claims;
    throw new LeaseRefused('The lease has expired. Ask whoever runs Atlas for you for a new one.');
  }

  /** The claims of the tenant's lease, whether expired or not. Null if it has none that is genuine. */
  async of({ id, lease }: Pick<Tenant, 'id' | 'lease'>): Promise<LeaseClaims | null> {
    return lease === null ? null : this.read(lease, id).catch(() => null);
  }

  /** The lease in a desired entry, or null if there is none that this plane may accept. */
  async offered({ tenant_id: tenantId, lease }: DesiredTenant): Promise<string | null> {
    if (lease === undefined) return null;
    try {
      await this.verify(lease, tenantId);
      return lease;
    } catch (error) {
      this.logger.warn(`Did not accept the lease of tenant ${tenantId}: ${(error as Error).message}`);
      return null;
    }
  }

  /**
   * The lease to keep: the offered one, which is verified, unless the known one has a higher serial.
   * Processes of an older Control Plane sign a lease that ends earlier, with the same serial.
   */
  async newer(known: Pick<Tenant, 'id' | 'lease'> | null, offered: string | null): Promise<string | null> {
    const held = known && (await this.of(known));
    if (known === null || held === null || offered === null) return offered ?? known?.lease ?? null;
    const { serial, exp } = await this.read(offered, known.id);
    const isNewer = serial > held.serial || (serial === held.serial && exp >= held.exp);
    return isNewer ? offered : known.lease;
  }

  private async read(lease: string, tenantId: string): Promise<LeaseClaims> {
    const known = this.verified.get(lease);
    const claims = known ?? (await this.claimsOf(lease));
    if (!known) this.verified.set(lease, claims);
    if (claims.sub !== tenantId) throw new LeaseRefused('The lease is for another tenant.');
    if (claims.aud !== this.identities.current.tenantPlaneId)
      throw new LeaseRefused('The lease is for another tenant plane.');
    return claims;
  }

  private async claimsOf(lease: string): Promise<LeaseClaims> {
    const keys = this.identities.current.keys.filter(({ purpose }) => purpose === LEASE_KEY_PURPOSE);
    if (keys.length === 0)
      throw new LeaseRefused(
        'This plane has no key to verify a lease with, because its last answer file is from before there ' +
          'were leases. Ask your Atlas admin to upload the request file again, and apply the new answer ' +
          'file.',
      );
    const jwks = createLocalJWKSet({ keys: keys.map(({ purpose: _, ...jwk }) => jwk) });
    try {
      if (!isCanonical(lease)) throw new Error('The signature is not in canonical base64url.');
      const { payload, protectedHeader } = await compactVerify(lease, jwks, {
        algorithms: [LEASE_ALGORITHM],
      });
      if (protectedHeader.typ !== LEASE_TYPE) throw new Error(`It is a ${protectedHeader.typ}.`);
      return JSON.parse(new TextDecoder().decode(payload)) as LeaseClaims;
    } catch {
      throw new LeaseRefused('This is not a lease that the Control Plane of this tenant plane has signed.');
    }
  }
}

/** Base64url leaves bits of the last character unused, so a signature has several texts. One is canonical. */
function isCanonical(lease: string): boolean {
  const signature = lease.slice(lease.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}
