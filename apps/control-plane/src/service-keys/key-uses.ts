import { Database, updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';
import { ServiceKey } from './service-key.entity';
import { ServiceKeys } from './service-keys';

/**
 * When each key was last signed with. The first call with a key writes that before it is answered: a key that
 * was accepted may be the only one that its plane still has. Later calls cost no write: what was used since
 * the last round is written together, so that the table lags behind by one round of the sweep (5 s).
 */
@Injectable()
export class KeyUses {
  private readonly unwritten = new Map<string, Date>();
  /** Those whose first use is written, or that have none to be written. */
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
   * Before a call that is accepted is answered. Throws when
   * the key has been revoked before its first use was written.
   */
  async noteFirst(keyId: string): Promise<void> {
    if (!this.begun.has(keyId)) await this.begin(keyId);
  }

  /** As far as this process knows. */
  lastOf({ id, lastUsedAt }: ServiceKey): Date | null {
    return this.unwritten.get(id) ?? lastUsedAt;
  }

  /** A key that is used for the first time may be what a rotation waits for. */
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
    // What was used again meanwhile is written in the next round.
    for (const [id, at] of uses) if (this.unwritten.get(id) === at) this.unwritten.delete(id);
  }

  private record(ids: readonly string[]): Promise<void> {
    return this.database.write(async (manager) => {
      const keys = await manager.find(ServiceKey, {
        where: { id: In([...ids]) },
        order: { id: 'ASC' },
        // In this order, as in every process: two that hold each other's rows would wait for ever.
        ...(this.database.driver === 'postgres' && { lock: { mode: 'pessimistic_write' } }),
      });
      const used = { id: In(keys.map(({ id }) => id)) };
      await manager.update(ServiceKey, used, { lastUsedAt: this.clock.now() });
    });
  }
}
