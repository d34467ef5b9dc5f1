import { randomUUID } from 'node:crypto';
import { Database, SecretBox, insertIfAbsent, lockedForUpdate, updateRows } from '@atlas/persistence';
import { type ReportRequest } from '@atlas/plane-contract';
import { Clock, EnvironmentError, type Secret, type SecretText } from '@atlas/platform';
import { keyIdOf } from '@atlas/service-auth';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Fence, unfenced } from './fence';
import { needsEnrolment, otherModel } from './install-bundle';
import { knownSecrets } from './known-secrets';
import { LinkLease } from './link-lease';
import { PlaneIdentity } from './plane-identity.entity';
import { copiesFor, openPrivateKey, sealPrivateKey } from './sealed-private-key';
import { openWrappingKeys, wrappingKeysFor } from './wrapping-keys';

const ONLY = { id: 1 };

/**
 * Increase this when a version stores more of an entry than the previous version. Every plane then requests
 * everything once.
 */
const CONTENTS = 3;

/** The row's values once a revision has been fully applied. */
export function appliedAt(revision: string): Pick<PlaneIdentity, 'revision' | 'appliedContents'> {
  return { revision, appliedContents: `${CONTENTS}/${revision}` };
}

/** The plane's identity row, and this process's copy of it. */
@Injectable()
export class PlaneIdentities implements OnModuleInit {
  /** Identifies this process among the plane's replicas and among copies of the plane. */
  readonly linkId = randomUUID();
  readonly lease: LinkLease;
  private readonly logger = new Logger(PlaneIdentities.name);
  private copy: PlaneIdentity;
  /** When the copy was read, according to the replicas' shared clock and to this process's own. */
  private readAt: { readonly shared: number; readonly monotonic: number };
  /** The last number from {@link nextSequence} that the database contains. */
  private storedSequence = 0;

  constructor(
    private readonly database: Database,
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {
    this.lease = new LinkLease(database, clock);
  }

  async onModuleInit(): Promise<void> {
    const isThere = await this.database.read((manager) => manager.existsBy(PlaneIdentity, ONLY));
    if (!isThere) await this.create();
    await this.refresh();
    this.requireOwnModel();
    // From now on, the rows are no longer those of the backup, which must not be taken for restored again.
    if (this.copy.restoredFrom !== null) await this.update({ restoredFrom: null });
    await this.noteEnrolledKey();
    await this.copyKeys();
  }

  get current(): Readonly<PlaneIdentity> {
    return this.copy;
  }

  /**
   * The revision since which to request changes. Undefined means that everything is requested, because
   * nothing was applied yet, or because the revision was applied by a version that stores less of each entry
   * (before an upgrade, or by an older replica that still held the lease).
   */
  get since(): string | undefined {
    const { revision, appliedContents } = this.copy;
    if (revision === null) return undefined;
    return appliedContents === appliedAt(revision).appliedContents ? revision : undefined;
  }

  async refresh(): Promise<void> {
    const [copy, now] = await this.database.read((manager) =>
      Promise.all([manager.findOneByOrFail(PlaneIdentity, ONLY), this.database.now()]),
    );
    this.copy = copy;
    this.readAt = { shared: now.getTime(), monotonic: this.clock.monotonicMs() };
    this.storedSequence = this.copy.sequence;
  }

  /**
   * How long ago any replica last had contact with the Control Plane, according to this process's copy of the
   * row.
   */
  get silentMs(): number {
    const { shared, monotonic } = this.readAt;
    const now = shared + this.clock.monotonicMs() - monotonic;
    // A time in the future means that the clock was set back, so the real age is unknown.
    return Math.abs(now - (this.copy.lastContactAt?.getTime() ?? 0));
  }

  /** Records a contact with the Control Plane. */
  async noteContact(): Promise<void> {
    const lastContactAt = await this.database.now();
    await this.update({ lastContactAt });
  }

  async update(changes: Partial<PlaneIdentity>, fence: Fence = unfenced): Promise<void> {
    await this.database.write(async (manager) => {
      await updateRows(manager, PlaneIdentity, ONLY, changes);
      await fence(manager);
    });
    Object.assign(this.copy, changes);
  }

  /**
   * Accepts a state that did not arrive over the link. `require` throws if the state is older than what the
   * locked row records. Otherwise, the state becomes the newest one received, and earlier states are no
   * longer applied. The caller must fence what follows, and then release the lease.
   */
  async takeOver(
    require: (identity: PlaneIdentity) => Pick<PlaneIdentity, 'toldRevision' | 'stateSignedAt'>,
  ): Promise<void> {
    await this.database.write(async (manager) => {
      const query = manager.createQueryBuilder(PlaneIdentity, 'identity').where(ONLY);
      const received = require(await lockedForUpdate(query).getOneOrFail());
      await updateRows(manager, PlaneIdentity, ONLY, received);
      await this.lease.takeOver();
    });
    await this.refresh();
  }

  /**
   * Stores the secrets that the plane signs with from now on, and the plane's keys sealed under each of them,
   * because the next environment may contain only the newest secret.
   */
  async keepSecrets(
    serviceSecretsSealed: string,
    known: readonly Secret[],
    fence: Fence = unfenced,
  ): Promise<void> {
    await this.change((identity) => ({ serviceSecretsSealed, ...keysCopiedFor(identity, known) }), fence);
  }

  /** Whether no other process uses this database. */
  get areAlone(): boolean {
    return this.database.driver === 'sqlite';
  }

  /** Tests whether the database accepts writes, with a write that changes nothing. */
  async rewrite(): Promise<void> {
    await this.database.write((manager) => manager.query('update plane_identity set id = id where id = 1'));
  }

  /**
   * The number of the next report, stored before it is used. If a SQLite file accepts no writes, the number
   * is counted in memory, so that the failure can still be reported. That report also names the stored
   * number, because the next process continues from it and must not look like a copy of this plane. Throws if
   * another replica has taken over.
   */
  async nextSequence(fence: Fence): Promise<Pick<ReportRequest, 'sequence' | 'stored_sequence'>> {
    const sequence = this.copy.sequence + 1;
    try {
      await this.update({ sequence }, fence);
    } catch (error) {
      if (!this.areAlone) throw error;
      this.copy.sequence = sequence;
      return { sequence, stored_sequence: this.storedSequence };
    }
    this.storedSequence = sequence;
    return { sequence };
  }

  /** Notes whether the Control Plane considers this an outdated copy. Returns whether that has changed. */
  async noteCopy(isCopy: boolean, fence: Fence): Promise<boolean> {
    if ((this.copy.copyNoticedAt !== null) === isCopy) return false;
    await this.update({ copyNoticedAt: isCopy ? this.clock.now() : null }, fence);
    return true;
  }

  private async create(): Promise<void> {
    const instanceId = randomUUID();
    const identity: PlaneIdentity = {
      ...ONLY,
      instanceId,
      ...(await this.newKeyPair(instanceId)),
      wrappingKeys: [],
      tenantPlaneId: null,
      deploymentModel: null,
      enrolledKeyId: null,
      serviceSecretsSealed: null,
      revision: null,
      appliedContents: null,
      toldRevision: null,
      stateSignedAt: null,
      keys: [],
      latestVersion: null,
      sequence: 0,
      incarnation: null,
      restoredFrom: null,
      copyNoticedAt: null,
      latestTime: null,
      lastContactAt: null,
      leaseOwner: null,
      leaseExpiresAt: null,
    };
    await this.database.write((manager) => insertIfAbsent(manager, PlaneIdentity, identity));
  }

  /** The private key that belongs to the public key sent at enrolment. */
  async privateKey(): Promise<CryptoKey> {
    const plain = openPrivateKey(this.copy, this.secrets);
    if (plain === null) throw new PrivateKeyLost();
    return (await importJWK(JSON.parse(plain.reveal()) as JWK, 'ECDH-ES')) as CryptoKey;
  }

  get opensPrivateKey(): boolean {
    return openPrivateKey(this.copy, this.secrets) !== null;
  }

  /** Seals with the newest wrapping key, and opens with all that this plane can decrypt. */
  get wrappingBox(): SecretBox {
    return new SecretBox(openWrappingKeys(this.copy, this.secrets));
  }

  /** Whether this plane can decrypt all of its wrapping keys. */
  get opensWrappingKeys(): boolean {
    return openWrappingKeys(this.copy, this.secrets).length === this.copy.wrappingKeys.length;
  }

  /**
   * Creates a new key pair if the environment's secret cannot decrypt the old private key, as after a new
   * install bundle. The wrapping keys stay, and are sealed under the new secret too if any known secret
   * decrypts them. Call it before the public key is sent.
   */
  async ensureKeyPair(fence?: Fence): Promise<void> {
    const { instanceId } = this.copy;
    if (openPrivateKey(this.copy, [this.sealingSecret(instanceId)]) !== null) return;
    const pair = await this.newKeyPair(instanceId);
    await this.change(
      (identity) => ({ ...pair, wrappingKeys: wrappingKeysFor(identity, this.secrets) }),
      fence,
    );
  }

  /** A plane's permissions depend on its model, so an env file must not change the model. */
  private requireOwnModel(): void {
    const enrolledIn = otherModel(this.config, this.copy);
    if (enrolledIn === null) return;
    throw new EnvironmentError([
      `ATLAS_TP_DEPLOYMENT is ${this.config.deploymentModel}, but this plane is enrolled as ` +
        `${enrolledIn}. Set it to ${enrolledIn}. To change the model, the tenant must be moved, which ` +
        'comes with a new install bundle (ask your Atlas admin)',
    ]);
  }

  /**
   * Seals the plane's keys under every secret known now, because the next environment may contain any of
   * them. A bundle that the plane has yet to enrol with is left out, because enrolling creates a new key
   * pair. Only a plane that can use no wrapping key gets a new one in any case.
   */
  private async copyKeys(): Promise<void> {
    const isPending = needsEnrolment(this.config, this.copy);
    if (isPending && openWrappingKeys(this.copy, this.secrets).length > 0) return;
    if (!isPending && !this.opensPrivateKey) this.logger.error(new PrivateKeyLost().message);
    const copied = (identity: PlaneIdentity): Partial<PlaneIdentity> =>
      isPending
        ? { wrappingKeys: wrappingKeysFor(identity, this.secrets) }
        : keysCopiedFor(identity, this.secrets);
    if (
      Object.entries(copied(this.copy)).some(
        ([name, keys]) => keys !== this.copy[name as keyof PlaneIdentity],
      )
    )
      await this.change(copied);
  }

  /** Derives changes from the locked row, because another replica may have added keys or copies. */
  private async change(
    changesTo: (identity: PlaneIdentity) => Partial<PlaneIdentity>,
    fence: Fence = unfenced,
  ): Promise<void> {
    const written = await this.database.write(async (manager) => {
      const query = manager.createQueryBuilder(PlaneIdentity, 'identity').where(ONLY);
      const changes = changesTo(await lockedForUpdate(query).getOneOrFail());
      await updateRows(manager, PlaneIdentity, ONLY, changes);
      await fence(manager);
      return changes;
    });
    Object.assign(this.copy, written);
  }

  /** For planes that enrolled before the key ID was stored. */
  private async noteEnrolledKey(): Promise<void> {
    const { tenantPlaneId, enrolledKeyId } = this.copy;
    const { INTERNAL_SERVICE_SECRET: secret } = this.config;
    if (tenantPlaneId === null || enrolledKeyId !== null || secret === undefined) return;
    // The plane enrolled with the secret that first sealed the private key.
    const first = { ...this.copy, privateKeyCopies: [] };
    if (openPrivateKey(first, [secret]) !== null) await this.update({ enrolledKeyId: keyIdOf(secret) });
  }

  private async newKeyPair(
    instanceId: string,
  ): Promise<Pick<PlaneIdentity, 'publicKey' | 'privateKeySealed' | 'privateKeyCopies'>> {
    const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
    const plain = JSON.stringify(await exportJWK(pair.privateKey));
    return {
      publicKey: (await exportJWK(pair.publicKey)) as Record<string, unknown>,
      privateKeySealed: sealPrivateKey(plain, this.sealingSecret(instanceId), instanceId),
      privateKeyCopies: [],
    };
  }

  private get secrets(): readonly SecretText[] {
    const known = knownSecrets(this.config, this.copy);
    return known.length > 0 ? known : [this.sealingSecret(this.copy.instanceId)];
  }

  /** Offline planes may have no secret in the environment. */
  private sealingSecret(instanceId: string): SecretText {
    return this.config.INTERNAL_SERVICE_SECRET ?? instanceId;
  }
}

/** The changes that seal the plane's keys under these secrets. */
function keysCopiedFor(
  identity: PlaneIdentity,
  secrets: readonly SecretText[],
): Pick<PlaneIdentity, 'privateKeyCopies' | 'wrappingKeys'> {
  return {
    privateKeyCopies: copiesFor(identity, secrets),
    wrappingKeys: wrappingKeysFor(identity, secrets),
  };
}

/** This plane cannot decrypt what was encrypted for it. */
class PrivateKeyLost extends Error {
  constructor() {
    super(
      'This plane cannot decrypt its private key, which is sealed under an INTERNAL_SERVICE_SECRET that ' +
        'the plane no longer has. Start it with that secret as INTERNAL_SERVICE_SECRET_PREVIOUS, or enrol ' +
        'it again with a new install bundle.',
    );
  }
}
