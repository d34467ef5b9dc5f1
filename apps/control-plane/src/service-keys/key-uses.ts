import { Database, updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';
import { ServiceKey } from './service-key.entity';
import { ServiceKeys } from './service-keys';

/**
 * When each key last signed a call. The first use of a key is written before the response to the call is
 * sent, because a plane whose call was accepted may no longer have any other key. The sweep writes all later
 * uses together, so that not every call costs a write. The table therefore lags by up to 5 s.
 */
@Injectable()
export class KeyUses {
  private readonly unwritten = new Map<string, Date>();
  /** Keys whose first use has been written, or that have no row. */
  private readonly begun = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly keys: ServiceKeys,
    private readonly waker: ProvisioningWaker,
    private readonly clock: Clock,
  ) {}

  note(keyId: string): void {
    this.unwritten.set(keyId, this.clock.now());
  }

  /**
   * Call it before responding to an accepted call. Throws if
   * the key was revoked before its first use was written.
   */
  async noteFirst(keyId: string): Promise<void> {
    if (!this.begun.has(keyId)) await this.begin(keyId);
  }

  /** The last use that this process knows of. */
  lastOf({ id, lastUsedAt }: ServiceKey): Date | null {
    return this.unwritten.get(id) ?? lastUsedAt;
  }

  /** Writes the key's first use, and wakes the rotation that may be waiting for it. */
  private async begin(id: string): Promise<void> {
    const key = await this.database.read((manager) => manager.findOneBy(ServiceKey, { id }));
    // The platform secret is not in the table.
    if (key?.lastUsedAt === null)
      await this.database.write(async (manager) => {
        await this.keys.holdAccepted(manager, id);
        const unused = { id, lastUsedAt: IsNull() };
        if (await updateRows(manager, ServiceKey, unused, { lastUsedAt: this.clock.now() }))
          await this.waker.wakeForPlanes(manager, [key.tenantPlaneId]);
      });
    this.begun.add(id);
  }

  async write(): Promise<void> {
    if (this.unwritten.size === 0) return;
    const uses = [...this.unwritten];
    await this.record(uses.map(([id]) => id));
    // If a key has been used again in the meantime, the next write records that use.
    for (const [id, at] of uses) if (this.unwritten.get(id) === at) this.unwritten.delete(id);
  }

  private record(ids: readonly string[]): Promise<void> {
    return this.database.write(async (manager) => {
      const keys = await manager.find(ServiceKey, {
        where: { id: In([...ids]) },
        order: { id: 'ASC' },
        // Every process locks the rows in this order, to avoid deadlocks.
        ...(this.database.driver === 'postgres' && { lock: { mode: 'pessimistic_write' } }),
      });
      const used = { id: In(keys.map(({ id }) => id)) };
      await manager.update(ServiceKey, used, { lastUsedAt: this.clock.now() });
    });
  }
}
