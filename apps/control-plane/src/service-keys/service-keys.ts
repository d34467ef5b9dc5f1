import { Database, SecretBox, insertRow, shareLockOf, together } from '@atlas/persistence';
import { Clock, DomainError, type Secret } from '@atlas/platform';
import {
  keyIdOf,
  ServiceKeyResolver,
  mintCredential,
  sealNextSecret,
  type ServiceCall,
  type ServiceKey as ResolvedKey,
} from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type FindOptionsWhere, In, IsNull, Not } from 'typeorm';
import { type PlaneCaller } from '../access/caller';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { SEALED, placeIn } from '../sealing/sealed-columns';
import { ServiceKey } from './service-key.entity';

/**
 * More than there are tenant planes. If the keys of all planes did not fit, planes that call in turn would
 * always find that their key has just been dropped.
 */
const MAX_CACHED = 100_000;
const PLANE_OF_KEY = 'select tenant_plane_id as id from service_keys where id = $2';
const ACCEPTED = { activatedAt: Not(IsNull()), revokedAt: IsNull() };

/** A query that checks which of these keys are accepted. */
interface Question {
  readonly ids: Set<string>;
  readonly accepted: Promise<ReadonlySet<string>>;
}

/**
 * The secrets of tenant planes. Once decrypted, they are cached in memory until
 * this process revokes them. Revocations by other processes are checked along
 * with each call's nonce, so a revoked key is refused everywhere at once.
 */
@Injectable()
export class ServiceKeys extends ServiceKeyResolver<PlaneCaller> {
  private readonly opened = new Map<string, ResolvedKey<PlaneCaller>>();
  private readonly active = new Set<string>();
  private readonly platform: ReadonlyMap<string, ResolvedKey<PlaneCaller>>;
  private revocations = 0;
  private asking: Question | undefined;

  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
    this.platform = platformKeysOf(config);
  }

  secretsFor(keyId: string): ResolvedKey<PlaneCaller> | null | Promise<ResolvedKey<PlaneCaller> | null> {
    return this.platform.get(keyId) ?? this.opened.get(keyId) ?? this.open(keyId);
  }

  /**
   * Mints a secret for a tenant plane, to be shown once. With `activatedAt`, the
   * secret is accepted at once, so that the plane can receive it in a response.
   */
  async mint(
    manager: EntityManager,
    tenantPlaneId: string,
    activatedAt: Date | null = null,
  ): Promise<{ keyId: string; secret: Secret }> {
    const { id, value } = mintCredential('ats');
    const secretSealed = this.box.seal(value, placeIn(SEALED.serviceSecret, id, tenantPlaneId));
    await insertRow(manager, ServiceKey, {
      id,
      tenantPlaneId,
      secretSealed,
      createdAt: this.clock.now(),
      activatedAt,
      revokedAt: null,
      lastUsedAt: null,
    });
    return { keyId: id, secret: value };
  }

  /** The keys that the plane may sign with; two during a rotation. */
  acceptedOf(manager: EntityManager, tenantPlaneIds: readonly string[]): Promise<ServiceKey[]> {
    const where = { ...ACCEPTED, tenantPlaneId: In([...tenantPlaneIds]) };
    return manager.find(ServiceKey, { where, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** The secret that the plane signs with, or is switching to. */
  async secretOf(manager: EntityManager, { id, nextKeyId }: TenantPlane): Promise<Secret> {
    const accepted = await this.acceptedOf(manager, [id]);
    const key = accepted.find((one) => one.id === nextKeyId) ?? accepted.at(-1);
    if (!key) throw new Error('The tenant plane has no accepted secret.');
    return this.secretIn(key);
  }

  /** The plane's own key, revoked or not; null for the platform secret. */
  async secretById(manager: EntityManager, id: string): Promise<Secret | null> {
    const key = await manager.findOneBy(ServiceKey, { id });
    return key && this.secretIn(key);
  }

  /**
   * Seals the next secret for the plane that signed with `keyId`. Returns undefined if either key is no
   * longer accepted.
   */
  async handOver(tenantPlaneId: string, keyId: string, nextKeyId: string): Promise<string | undefined> {
    const accepted = await this.database.read((manager) => this.acceptedOf(manager, [tenantPlaneId]));
    const [current, next] = [keyId, nextKeyId].map((id) => accepted.find((key) => key.id === id));
    return current && next && sealNextSecret(this.secretIn(next), this.secretIn(current));
  }

  /** `platform`, unless the secret itself contains another id. */
  get platformKeyId(): string {
    return keyIdOf(this.config.INTERNAL_SERVICE_SECRET ?? '');
  }

  /** Whether a call was signed with the previous platform secret. */
  isPrevious({ keyId, secretIndex }: Pick<ServiceCall, 'keyId' | 'secretIndex'>): boolean {
    const secret = this.platform.get(keyId)?.secrets[secretIndex];
    return secret !== undefined && secret === this.config.INTERNAL_SERVICE_SECRET_PREVIOUS;
  }

  /** Activates the key at enrolment, and revokes the plane's other keys. */
  async activate(manager: EntityManager, tenantPlaneId: string, id: string): Promise<void> {
    await this.revokeAllBut(manager, tenantPlaneId, id);
    await manager.update(ServiceKey, { id, activatedAt: IsNull() }, { activatedAt: this.clock.now() });
  }

  /** Revokes all accepted keys of the plane except this one. */
  revokeAllBut(manager: EntityManager, tenantPlaneId: string, id: string): Promise<void> {
    return this.revokeThose(manager, { ...ACCEPTED, tenantPlaneId, id: Not(id) });
  }

  revoke(manager: EntityManager, tenantPlaneId: string, id: string): Promise<void> {
    return this.revokeThose(manager, { tenantPlaneId, id, revokedAt: IsNull() });
  }

  /** Revokes all keys of the plane. */
  revokeAll(manager: EntityManager, tenantPlaneId: string): Promise<void> {
    return this.revokeThose(manager, { tenantPlaneId, revokedAt: IsNull() });
  }

  /**
   * Whether the plane has enrolled with this key. Once true, the result is cached, because a call signed with
   * a revoked key is refused anyway.
   */
  async isActive(id: string): Promise<boolean> {
    if (this.platform.has(id) || this.active.has(id)) return true;
    const key = await this.database.read((manager) => manager.findOneBy(ServiceKey, { id }));
    const isActive = key !== null && key.activatedAt !== null;
    if (isActive) this.active.add(id);
    return isActive;
  }

  /**
   * Whether calls signed with the key are accepted now. Queries the database, because another process may
   * have revoked the key. Checks that start at the same moment share one query, even if they are for the
   * whole fleet.
   */
  async isAccepted(id: string): Promise<boolean> {
    if (this.platform.has(id)) return true;
    const question = (this.asking ??= this.ask());
    question.ids.add(id);
    return (await question.accepted).has(id);
  }

  /** Throws `bad_signature` if the key is no longer accepted. */
  async requireAccepted(id: string): Promise<void> {
    if (!(await this.isAccepted(id))) throw keyRevoked();
  }

  /**
   * Like {@link requireAccepted}, for a transaction that writes; call it first. A
   * revocation of the key waits until this transaction ends ({@link lockPlaneAndCalls}).
   */
  async holdAccepted(manager: EntityManager, id: string): Promise<void> {
    if (this.platform.has(id)) return;
    const [, isAccepted] = await together([
      shareLockOf(manager, { lockClass: QUEUED_LOCKS.planeTrust, from: PLANE_OF_KEY, id }),
      manager.existsBy(ServiceKey, { ...ACCEPTED, id }),
    ]);
    if (!isAccepted) throw keyRevoked();
  }

  private ask(): Question {
    const ids = new Set<string>();
    const accepted = Promise.resolve().then(async () => {
      this.asking = undefined;
      const where = { id: In([...ids]), ...ACCEPTED };
      const keys = await this.database.read((manager) =>
        manager.find(ServiceKey, { select: { id: true }, where }),
      );
      return new Set(keys.map((key) => key.id));
    });
    return { ids, accepted };
  }

  private async open(keyId: string): Promise<ResolvedKey<PlaneCaller> | null> {
    const revocations = this.revocations;
    const key = await this.database.read((manager) => manager.findOneBy(ServiceKey, { id: keyId }));
    if (!key || key.revokedAt) return null;
    const resolved = { keyId, secrets: [this.secretIn(key)], caller: { tenantPlaneId: key.tenantPlaneId } };
    // Do not cache what was read before a revocation.
    if (revocations === this.revocations) this.remember(resolved);
    return resolved;
  }

  private secretIn({ id, tenantPlaneId, secretSealed }: ServiceKey): Secret {
    return this.box.open(secretSealed, placeIn(SEALED.serviceSecret, id, tenantPlaneId));
  }

  private async revokeThose(
    manager: EntityManager,
    which: FindOptionsWhere<ServiceKey> & { readonly tenantPlaneId: string },
  ): Promise<void> {
    await manager.update(ServiceKey, which, { revokedAt: this.clock.now() });
    this.database.afterCommit(() => this.forget(which.tenantPlaneId));
  }

  private forget(tenantPlaneId: string): void {
    this.revocations += 1;
    for (const { keyId, caller } of this.opened.values())
      if (caller.tenantPlaneId === tenantPlaneId) this.opened.delete(keyId);
  }

  private remember(key: ResolvedKey<PlaneCaller>): void {
    const [oldest] = this.opened.keys();
    if (this.opened.size >= MAX_CACHED && oldest !== undefined) this.opened.delete(oldest);
    this.opened.set(key.keyId, key);
  }
}

export function keyRevoked(): DomainError {
  return new DomainError('bad_signature', 'unauthenticated', 'This key has been revoked.');
}

/**
 * The current and the previous platform secret. Both have the same id, unless they contain different ids.
 */
function platformKeysOf({
  INTERNAL_SERVICE_SECRET: current,
  INTERNAL_SERVICE_SECRET_PREVIOUS: previous,
}: ControlPlaneConfig): ReadonlyMap<string, ResolvedKey<PlaneCaller>> {
  const keys = new Map<string, ResolvedKey<PlaneCaller>>();
  for (const secret of [current, previous]) {
    if (secret === undefined) continue;
    const keyId = keyIdOf(secret);
    const secrets = [...(keys.get(keyId)?.secrets ?? []), secret];
    keys.set(keyId, { keyId, secrets, caller: { tenantPlaneId: null } });
  }
  return keys;
}
