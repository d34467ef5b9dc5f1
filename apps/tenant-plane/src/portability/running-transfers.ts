import { Injectable } from '@nestjs/common';
import { type IncomingTransfer } from './incoming-transfer';
import { type OutgoingTransfer } from './outgoing-transfer';

export interface RunningTransfer {
  readonly tenantId: string;
  readonly end: AbortController;
  ended: Promise<void>;
  /** What is under way, and goes on after an outage. */
  outgoing?: OutgoingTransfer;
  incoming?: IncomingTransfer;
}

/** The transfers that run in this process, by their ids. */
@Injectable()
export class RunningTransfers extends Map<string, RunningTransfer> {
  /** From its end on nothing of the tenant's is read or written by a transfer here. */
  async end(tenantId?: string): Promise<void> {
    const those = [...this.values()].filter((one) => tenantId === undefined || one.tenantId === tenantId);
    for (const { end } of those) end.abort();
    await Promise.allSettled(those.map(({ ended }) => ended));
  }
}
