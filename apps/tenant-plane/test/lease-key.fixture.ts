import { randomUUID } from 'node:crypto';
import { LEASE_TYPE, type LeaseClaims, type PublishedKey } from '@atlas/plane-contract';
import { ENTITLEMENTS_OF_PLANS } from '@atlas/tenancy';
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose';

const DAY_SECONDS = 24 * 3600;

export interface LeaseChanges extends Partial<LeaseClaims> {
  readonly typ?: string;
}

/** A key with which the Control Plane signs leases. */
export class LeaseKey {
  private constructor(
    private readonly secret: CryptoKey,
    readonly published: PublishedKey,
  ) {}

  static async create(purpose = 'lease'): Promise<LeaseKey> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const { crv, x } = await exportJWK(publicKey);
    const published = { kty: 'OKP', crv, x, alg: 'EdDSA', kid: randomUUID(), purpose };
    return new LeaseKey(privateKey, published);
  }

  /** A lease of the plan `core`, issued at `now` for 30 days. */
  lease(
    { tenantId, planeId, now }: { readonly tenantId: string; readonly planeId: string; readonly now: Date },
    { typ = LEASE_TYPE, ...changes }: LeaseChanges = {},
  ): Promise<string> {
    const iat = Math.floor(now.getTime() / 1000);
    const claims: LeaseClaims = {
      sub: tenantId,
      aud: planeId,
      serial: now.getTime(),
      iat,
      late_at: iat + DAY_SECONDS,
      grace_at: iat + 16 * DAY_SECONDS,
      exp: iat + 30 * DAY_SECONDS,
      plan: 'core',
      ...ENTITLEMENTS_OF_PLANS.core,
      billing: 'ok',
      ...changes,
    };
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: this.published.kid, typ })
      .sign(this.secret);
  }
}
