import { Database, SecretBox, insertRow } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import {
  keyIdOf,
  ServiceKeyResolver,
  mintCredential,
  type ServiceKey as ResolvedKey,
} from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { type PlaneCaller } from '../accounts/caller';
import { ControlPlaneConfig } from '../control-plane.config';
import { ServiceKey } from './service-key.entity';

const MAX_CACHED = 10_000;

/**
 * The secrets of tenant planes. Opened ones are kept in memory, and forgotten when this process revokes them; that
 * another has, a call learns together with its nonce. So a revoked key is refused at once in every process.
 */
@Injectable()
export class ServiceKeys extends ServiceKeyResolver<PlaneCaller> {
  private readonly opened = new Map<string, ResolvedKey<PlaneCaller>>();
  private readonly active = new Set<string>();
  private revocations = 0;

  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  secretsFor(keyId: string): ResolvedKey<PlaneCaller> | null | Promise<ResolvedKey<PlaneCaller> | null> {
    if (keyId === this.platformKeyId) return this.platformKey();
    return this.opened.get(keyId) ?? this.open(keyId);
  }

  /** A new secret for a tenant plane, to be shown once. */
  async mint(manager: EntityManager, tenantPlaneId: string): Promise<{ keyId: string; secret: string }> {
    const { id, value } = mintCredential('ats');
    const secretSealed = this.box.seal(value, placeOf(id, tenantPlaneId));
    await insertRow(manager, ServiceKey, {
      id,
      tenantPlaneId,
      secretSealed,
      createdAt: this.clock.now(),
      activatedAt: null,
      revokedAt: null,
    });
    return { keyId: id, secret: value };
  }

  /** The secret with which the plane enrolled. */
  async secretOf(manager: EntityManager, tenantPlaneId: string): Promise<string> {
    const active = { tenantPlaneId, activatedAt: Not(IsNull()), revokedAt: IsNull() };
    const key = await manager.findOneByOrFail(ServiceKey, active);
    return this.box.open(key.secretSealed, placeOf(key.id, tenantPlaneId));
  }

  /** `platform`, unless the secret itself has the form that names another id. */
  get platformKeyId(): string {
    return keyIdOf(this.config.INTERNAL_SERVICE_SECRET ?? '');
  }

  /** At enrolment: from now on the key speaks for its plane, and the one that did so before no longer. */
  async activate(manager: EntityManager, tenantPlaneId: string, id: string): Promise<void> {
    const now = this.clock.now();
    const before = { tenantPlaneId, id: Not(id), activatedAt: Not(IsNull()), revokedAt: IsNull() };
    await manager.update(ServiceKey, before, { revokedAt: now });
    this.database.afterCommit(() => this.forget(tenantPlaneId));
    await manager.update(ServiceKey, { id, activatedAt: IsNull() }, { activatedAt: now });
  }

  /** None of the plane's keys speaks for it any longer. */
  async revokeAll(manager: EntityManager, tenantPlaneId: string): Promise<void> {
    await manager.update(ServiceKey, { tenantPlaneId, revokedAt: IsNull() }, { revokedAt: this.clock.now() });
    this.database.afterCommit(() => this.forget(tenantPlaneId));
  }

  /** Whether the key's plane has enrolled with it. Asked until it has; a key that has been revoked gets no further than its signature. */
  async isActive(id: string): Promise<boolean> {
    if (id === this.platformKeyId || this.active.has(id)) return true;
    const key = await this.database.read((manager) => manager.findOneBy(ServiceKey, { id }));
    const isActive = key !== null && key.activatedAt !== null;
    if (isActive) this.active.add(id);
    return isActive;
  }

  private async open(keyId: string): Promise<ResolvedKey<PlaneCaller> | null> {
    const revocations = this.revocations;
    const key = await this.database.read((manager) => manager.findOneBy(ServiceKey, { id: keyId }));
    if (!key || key.revokedAt) return null;
    const secret = this.box.open(key.secretSealed, placeOf(keyId, key.tenantPlaneId));
    const resolved = { keyId, secrets: [secret], caller: { tenantPlaneId: key.tenantPlaneId } };
    // What was read before a revocation is not kept beyond it.
    if (revocations === this.revocations) this.remember(resolved);
    return resolved;
  }

  private platformKey(): ResolvedKey<PlaneCaller> | null {
    const secret = this.config.INTERNAL_SERVICE_SECRET;
    return secret === undefined
      ? null
      : { keyId: this.platformKeyId, secrets: [secret], caller: { tenantPlaneId: null } };
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

function placeOf(keyId: string, tenantPlaneId: string) {
  return { table: 'service_keys', column: 'secret_sealed', rowId: keyId, ownerId: tenantPlaneId };
}
