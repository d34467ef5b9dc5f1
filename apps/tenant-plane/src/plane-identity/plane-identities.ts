import { randomUUID } from 'node:crypto';
import { Database, insertIfAbsent, lockedForUpdate, updateRows } from '@atlas/persistence';
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

const ONLY = { id: 1 };

/**
 * Raise it when more of an entry is stored than by the
 * version before: every plane then asks for everything once.
 */
const CONTENTS = 2;

/** What the row says of a revision once all of it is applied. */
export function appliedAt(revision: string): Pick<PlaneIdentity, 'revision' | 'appliedContents'> {
  return { revision, appliedContents: `${CONTENTS}/${revision}` };
}

/** The plane's identity row, and this process's copy of it. */
@Injectable()
export class PlaneIdentities implements OnModuleInit {
  /** This process among the replicas, and this copy among clones. */
  readonly linkId = randomUUID();
  readonly lease: LinkLease;
  private readonly logger = new Logger(PlaneIdentities.name);
  private copy: PlaneIdentity;
  /** When the copy was read: by the time that the replicas share, and by this process's own. */
  private readAt: { readonly shared: number; readonly monotonic: number };
  /** Of {@link nextSequence}: what the database holds. */
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
    await this.noteEnrolledKey();
    await this.copyPrivateKey();
  }

  get current(): Readonly<PlaneIdentity> {
    return this.copy;
  }

  /**
   * The revision to ask for changes since. Undefined, to ask for everything,
   * where a version that stores less of an entry has applied it: the one
   * before an upgrade, or a replica of that one which still held the lease.
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

  /** For how long the replicas have not heard of the Control Plane, as far as this one has read. */
  get silentMs(): number {
    const { shared, monotonic } = this.readAt;
    const now = shared + this.clock.monotonicMs() - monotonic;
    // A time in the future means that the clock was put back, so the real age is unknown.
    return Math.abs(now - (this.copy.lastContactAt?.getTime() ?? 0));
  }

  /** The Control Plane was heard of. */
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
   * For a state that did not come over the link. `require` throws if it is older than what the locked row
   * knows; otherwise it is the newest that this plane was told, and nothing that was told before is applied
   * any more. Fence what comes of it, and release the lease.
   */
  async takeOver(
    require: (identity: PlaneIdentity) => Pick<PlaneIdentity, 'toldRevision' | 'stateSignedAt'>,
  ): Promise<void> {
    await this.database.write(async (manager) => {
      const query = manager.createQueryBuilder(PlaneIdentity, 'identity').where(ONLY);
      const told = require(await lockedForUpdate(query).getOneOrFail());
      await updateRows(manager, PlaneIdentity, ONLY, told);
      await this.lease.takeOver();
    });
    await this.refresh();
  }

  /**
   * Stores the secrets that the plane signs with from now on, and the private key sealed under each of them:
   * the next environment may contain only the newest.
   */
  async keepSecrets(
    serviceSecretsSealed: string,
    known: readonly Secret[],
    fence: Fence = unfenced,
  ): Promise<void> {
    await this.writeCopies({ serviceSecretsSealed }, known, fence);
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
   * The number of the next report, stored before it is used. Where a SQLite file takes
   * no write it is counted in memory, so that the report which says so goes out. It
   * then says which number is stored, as the next process counts on from that one and
   * must not look like a copy of this one. Throws where another replica counts by now.
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
      appliedContents: null,
      toldRevision: null,
      stateSignedAt: null,
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
    const plain = openPrivateKey(this.copy, this.secrets);
    if (plain === null) throw new PrivateKeyLost();
    return (await importJWK(JSON.parse(plain.reveal()) as JWK, 'ECDH-ES')) as CryptoKey;
  }

  get opensPrivateKey(): boolean {
    return openPrivateKey(this.copy, this.secrets) !== null;
  }

  /** A secret that follows no earlier one gets a new pair, before that is shown. */
  async ensureKeyPair(fence?: Fence): Promise<void> {
    const { instanceId } = this.copy;
    if (openPrivateKey(this.copy, [this.sealingSecret(instanceId)]) !== null) return;
    await this.update(await this.newKeyPair(instanceId), fence);
  }

  /** What a plane may do goes by its model: an env file does not make another of it. */
  private requireOwnModel(): void {
    const enrolledIn = otherModel(this.config, this.copy);
    if (enrolledIn === null) return;
    throw new EnvironmentError([
      `ATLAS_TP_DEPLOYMENT is ${this.config.deploymentModel}, and this plane is enrolled as ` +
        `${enrolledIn}: set it to ${enrolledIn}. A tenant changes its model by a move (ask your Atlas ` +
        'admin), which comes with a new install bundle',
    ]);
  }

  /**
   * Makes the key open with every secret that is known now, whichever of them
   * the next environment contains. The secret of a bundle that the plane has
   * not enrolled with yet is left out: enrolling creates a new key pair.
   */
  private async copyPrivateKey(): Promise<void> {
    if (needsEnrolment(this.config, this.copy)) return;
    if (!this.opensPrivateKey) this.logger.error(new PrivateKeyLost().message);
    const isCovered = copiesFor(this.copy, this.secrets) === this.copy.privateKeyCopies;
    if (!isCovered) await this.writeCopies({}, this.secrets, unfenced);
  }

  /** Adds to the copies in the locked row, since another replica may have added its own. */
  private async writeCopies(
    changes: Partial<PlaneIdentity>,
    secrets: readonly SecretText[],
    fence: Fence,
  ): Promise<void> {
    const written = await this.database.write(async (manager) => {
      const query = manager.createQueryBuilder(PlaneIdentity, 'identity').where(ONLY);
      const identity = await lockedForUpdate(query).getOneOrFail();
      const all = { ...changes, privateKeyCopies: copiesFor(identity, secrets) };
      await updateRows(manager, PlaneIdentity, ONLY, all);
      await fence(manager);
      return all;
    });
    Object.assign(this.copy, written);
  }

  /** Planes that enrolled before this was kept. */
  private async noteEnrolledKey(): Promise<void> {
    const { tenantPlaneId, enrolledKeyId } = this.copy;
    const { INTERNAL_SERVICE_SECRET: secret } = this.config;
    if (tenantPlaneId === null || enrolledKeyId !== null || secret === undefined) return;
    // It is the one that sealed the key first.
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

/** What is encrypted to this plane stays closed to it. */
class PrivateKeyLost extends Error {
  constructor() {
    super(
      'This plane cannot open its private key: it is sealed under an INTERNAL_SERVICE_SECRET that ' +
        'the plane no longer has. Start it with that one as INTERNAL_SERVICE_SECRET_PREVIOUS, or enrol ' +
        'it anew with a new install bundle.',
    );
  }
}
