import { type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';

type Settle = (scope: TenantScope) => Promise<void>;

/**
 * What features change in old rows of a tenant before they are served: those of a restored backup, or those
 * that were kept after a move. The tenant may have gone on since, and its newer rows may be lost.
 */
@Injectable()
export class OldCopies {
  private readonly settlers: Settle[] = [];

  /** Registers a change, which must be repeatable. Call this before the application starts. */
  on(settle: Settle): void {
    this.settlers.push(settle);
  }

  /** Call it while nobody else writes to the tenant. */
  async settle(scope: TenantScope): Promise<void> {
    for (const settle of this.settlers) await settle(scope);
  }
}
