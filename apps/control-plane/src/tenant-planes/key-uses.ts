import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { JobWaker } from '../provisioning/job-waker';
import { ServiceKey } from './service-key.entity';

/**
 * When each key was last signed with. A call costs no write: what was used since the last round is written together, so
 * that the table lags behind by one round of the sweep (5 s).
 */
@Injectable()
export class KeyUses {
  private readonly unwritten = new Map<string, Date>();

  constructor(
    private readonly database: Database,
    private readonly waker: JobWaker,
    private readonly clock: Clock,
  ) {}

  note(keyId: string): void {
    this.unwritten.set(keyId, this.clock.now());
  }

  /** As far as this process knows. */
  lastOf({ id, lastUsedAt }: ServiceKey): Date | null {
    return this.unwritten.get(id) ?? lastUsedAt;
  }

  /** A key that is used for the first time may be what a rotation waits for. */
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
      const begun = keys.filter(({ lastUsedAt }) => lastUsedAt === null);
      await this.waker.wakeForPlanes(
        manager,
        begun.map(({ tenantPlaneId }) => tenantPlaneId),
      );
    });
  }
}
