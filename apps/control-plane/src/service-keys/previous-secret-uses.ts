import { Clock } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';

const TOLD_EVERY_MS = 60_000;

/** Logs which cells still sign with the previous platform secret. */
@Injectable()
export class PreviousSecretUses {
  private readonly logger = new Logger(PreviousSecretUses.name);
  private readonly toldAt = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  note(tenantPlaneId: string): void {
    const now = this.clock.now().getTime();
    if (now - (this.toldAt.get(tenantPlaneId) ?? -Infinity) < TOLD_EVERY_MS) return;
    this.toldAt.set(tenantPlaneId, now);
    this.logger.log(`Tenant plane ${tenantPlaneId} still signs with INTERNAL_SERVICE_SECRET_PREVIOUS.`);
  }
}
