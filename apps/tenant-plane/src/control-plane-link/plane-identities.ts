import { randomUUID } from 'node:crypto';
import { Database, SecretBox, deriveKey, insertIfAbsent } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { PlaneIdentity } from './plane-identity.entity';

const ONLY = { id: 1 };
/** Another replica that does not speak for this long has died. */
const LEASE_MS = 10_000;

/** The plane's identity row, and this process's copy of it. */
@Injectable()
export class PlaneIdentities implements OnModuleInit {
  /** This process among the replicas, and this copy among clones. */
  readonly linkId = randomUUID();
  private copy: PlaneIdentity;

  constructor(
    private readonly database: Database,
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const isThere = await this.database.read((manager) => manager.existsBy(PlaneIdentity, ONLY));
    if (!isThere) await this.create();
    await this.refresh();
  }

  get current(): Readonly<PlaneIdentity> {
    return this.copy;
  }

  async refresh(): Promise<void> {
    this.copy = await this.database.read((manager) => manager.findOneByOrFail(PlaneIdentity, ONLY));
  }

  async update(changes: Partial<PlaneIdentity>): Promise<void> {
    await this.database.write((manager) => manager.update(PlaneIdentity, ONLY, changes as never));
    Object.assign(this.copy, changes);
  }

  /** True while this process is the one replica that talks to the Control Plane. On SQLite there is no other. */
  async holdLease(): Promise<boolean> {
    const now = this.clock.now();
    const free = '(lease_owner is null or lease_owner = :owner or lease_expires_at <= :now)';
    const { affected } = await this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .update(PlaneIdentity)
        .set({ leaseOwner: this.linkId, leaseExpiresAt: new Date(now.getTime() + LEASE_MS) })
        .where(ONLY)
        .andWhere(this.database.driver === 'sqlite' ? '1 = 1' : free, { owner: this.linkId, now })
        .execute(),
    );
    return affected === 1;
  }

  async releaseLease(): Promise<void> {
    const nobody = { leaseOwner: null, leaseExpiresAt: null };
    await this.database.write((manager) =>
      manager.update(PlaneIdentity, { ...ONLY, leaseOwner: this.linkId }, nobody),
    );
  }

  private async create(): Promise<void> {
    const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
    const instanceId = randomUUID();
    const identity: PlaneIdentity = {
      ...ONLY,
      instanceId,
      publicKey: (await exportJWK(pair.publicKey)) as Record<string, unknown>,
      privateKeySealed: this.seal(JSON.stringify(await exportJWK(pair.privateKey)), instanceId),
      tenantPlaneId: null,
      deploymentModel: null,
      revision: null,
      keys: [],
      sequence: 0,
      lastContactAt: null,
      leaseOwner: null,
      leaseExpiresAt: null,
    };
    await this.database.write((manager) => insertIfAbsent(manager, PlaneIdentity, identity as never));
  }

  /** Opens what is encrypted to the public key that was shown at enrolment. */
  async privateKey(): Promise<CryptoKey> {
    const { instanceId, privateKeySealed } = this.copy;
    const jwk = JSON.parse(this.boxOf(instanceId).open(privateKeySealed, placeOf(instanceId))) as JWK;
    return (await importJWK(jwk, 'ECDH-ES')) as CryptoKey;
  }

  private seal(plain: string, instanceId: string): string {
    return this.boxOf(instanceId).seal(plain, placeOf(instanceId));
  }

  private boxOf(instanceId: string): SecretBox {
    const key = deriveKey(this.config.INTERNAL_SERVICE_SECRET ?? instanceId, 'atlas-plane-identity');
    return new SecretBox([{ id: 'env', key }]);
  }
}

function placeOf(instanceId: string) {
  return { table: 'plane_identity', column: 'private_key_sealed', rowId: '1', ownerId: instanceId };
}
