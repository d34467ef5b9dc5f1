import { randomUUID } from 'node:crypto';
import {
  Database,
  type SealedPlace,
  SecretBox,
  deriveKey,
  insertIfAbsent,
  updateRows,
} from '@atlas/persistence';
import { type ReportRequest } from '@atlas/plane-contract';
import { Clock, EnvironmentError, type Secret, type SecretText } from '@atlas/platform';
import { keyIdOf } from '@atlas/service-auth';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { otherModel } from './install-bundle';
import { type Fence, LinkLease, unfenced } from './link-lease';
import { PlaneIdentity } from './plane-identity.entity';

const ONLY = { id: 1 };

/** The plane's identity row, and this process's copy of it. */
@Injectable()
export class PlaneIdentities implements OnModuleInit {
  /** This process among the replicas, and this copy among clones. */
  readonly linkId = randomUUID();
  readonly lease: LinkLease;
  private copy: PlaneIdentity;
  /** Of {@link nextSequence}: what the database holds. */
  private storedSequence = 0;

  constructor(
    private readonly database: Database,
    private readonly config: TenantPlaneConfig,
    clock: Clock,
  ) {
    this.lease = new LinkLease(database, clock);
  }

  async onModuleInit(): Promise<void> {
    const isThere = await this.database.read((manager) => manager.existsBy(PlaneIdentity, ONLY));
    if (!isThere) await this.create();
    await this.refresh();
    this.requireOwnModel();
    await this.resealPrivateKey();
    await this.noteEnrolledKey();
  }

  get current(): Readonly<PlaneIdentity> {
    return this.copy;
  }

  async refresh(): Promise<void> {
    this.copy = await this.database.read((manager) => manager.findOneByOrFail(PlaneIdentity, ONLY));
    this.storedSequence = this.copy.sequence;
  }

  async update(changes: Partial<PlaneIdentity>, fence: Fence = unfenced): Promise<void> {
    await this.database.write(async (manager) => {
      await updateRows(manager, PlaneIdentity, ONLY, changes);
      await fence(manager);
    });
    Object.assign(this.copy, changes);
  }

  /** No other process has this database. */
  get areAlone(): boolean {
    return this.database.driver === 'sqlite';
  }

  /** A write that changes nothing. */
  async rewrite(): Promise<void> {
    await this.database.write((manager) => manager.query('update plane_identity set id = id where id = 1'));
  }

  /**
   * The number of the next report, stored before it is used. Where a SQLite file takes no write it is counted in memory, so
   * that the report which says so goes out. It then says which number is stored, as the next process counts on from that one
   * and must not look like a copy of this one. Throws where another replica counts by now.
   */
  async nextSequence(): Promise<Pick<ReportRequest, 'sequence' | 'stored_sequence'>> {
    const sequence = this.copy.sequence + 1;
    try {
      await this.update({ sequence }, this.lease.fence());
    } catch (error) {
      if (!this.areAlone) throw error;
      this.copy.sequence = sequence;
      return { sequence, stored_sequence: this.storedSequence };
    }
    this.storedSequence = sequence;
    return { sequence };
  }

  private async create(): Promise<void> {
    const instanceId = randomUUID();
    const identity: PlaneIdentity = {
      ...ONLY,
      instanceId,
      ...(await this.newKeyPair(instanceId)),
      tenantPlaneId: null,
      deploymentModel: null,
      enrolledKeyId: null,
      serviceSecretsSealed: null,
      revision: null,
      keys: [],
      sequence: 0,
      lastContactAt: null,
      leaseOwner: null,
      leaseExpiresAt: null,
    };
    await this.database.write((manager) => insertIfAbsent(manager, PlaneIdentity, identity));
  }

  /** Opens what is encrypted to the public key that was shown at enrolment. */
  async privateKey(): Promise<CryptoKey> {
    return (await importJWK(JSON.parse(this.openPrivateKey().reveal()) as JWK, 'ECDH-ES')) as CryptoKey;
  }

  /** The pair is sealed with the environment's secret. Under another one a new pair takes its place, before that is shown. */
  async ensureKeyPair(fence?: Fence): Promise<void> {
    if (!this.opensPrivateKey()) await this.update(await this.newKeyPair(this.copy.instanceId), fence);
  }

  /** What a plane may do goes by its model: an env file does not make another of it. */
  private requireOwnModel(): void {
    const enrolledIn = otherModel(this.config, this.copy);
    if (enrolledIn === null) return;
    throw new EnvironmentError([
      `ATLAS_TP_DEPLOYMENT is ${this.config.deploymentModel}, and this plane is enrolled as ${enrolledIn}: set it to ${enrolledIn}. A tenant changes its model by a move (ask your Atlas admin), which comes with a new install bundle`,
    ]);
  }

  /** While the secret in the environment is changed: what the one before has sealed shall open with this one. */
  private async resealPrivateKey(): Promise<void> {
    const { INTERNAL_SERVICE_SECRET_PREVIOUS: previous } = this.config;
    if (previous === undefined || this.opensPrivateKey()) return;
    const { instanceId, privateKeySealed } = this.copy;
    const plain = openedBy(boxOf(previous), privateKeySealed, placeOf(instanceId));
    if (plain !== null) await this.update({ privateKeySealed: this.seal(plain, instanceId) });
  }

  /** Planes that enrolled before this was kept. */
  private async noteEnrolledKey(): Promise<void> {
    const { tenantPlaneId, enrolledKeyId } = this.copy;
    const { INTERNAL_SERVICE_SECRET: secret } = this.config;
    if (tenantPlaneId === null || enrolledKeyId !== null || secret === undefined) return;
    if (this.opensPrivateKey()) await this.update({ enrolledKeyId: keyIdOf(secret) });
  }

  private opensPrivateKey(): boolean {
    const { instanceId, privateKeySealed } = this.copy;
    return openedBy(this.boxFor(instanceId), privateKeySealed, placeOf(instanceId)) !== null;
  }

  private openPrivateKey(): Secret {
    const { instanceId, privateKeySealed } = this.copy;
    return this.boxFor(instanceId).open(privateKeySealed, placeOf(instanceId));
  }

  private async newKeyPair(
    instanceId: string,
  ): Promise<Pick<PlaneIdentity, 'publicKey' | 'privateKeySealed'>> {
    const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
    return {
      publicKey: (await exportJWK(pair.publicKey)) as Record<string, unknown>,
      privateKeySealed: this.seal(JSON.stringify(await exportJWK(pair.privateKey)), instanceId),
    };
  }

  private seal(plain: SecretText, instanceId: string): string {
    return this.boxFor(instanceId).seal(plain, placeOf(instanceId));
  }

  private boxFor(instanceId: string): SecretBox {
    return boxOf(this.config.INTERNAL_SERVICE_SECRET ?? instanceId);
  }
}

function boxOf(secret: SecretText): SecretBox {
  return new SecretBox([{ id: 'env', key: deriveKey(secret, 'atlas-plane-identity') }]);
}

function openedBy(box: SecretBox, sealed: string, place: SealedPlace): Secret | null {
  try {
    return box.open(sealed, place);
  } catch {
    return null;
  }
}

function placeOf(instanceId: string) {
  return { table: 'plane_identity', column: 'private_key_sealed', rowId: '1', ownerId: instanceId };
}
