import { type DesiredTransfer } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type Fence } from '../plane-identity/fence';
import { type IncomingTransfer } from './incoming-transfer';
import { type OutgoingTransfer } from './outgoing-transfer';

export interface RunningTransfer {
  /** The transfer as the Control Plane described it at the start. */
  readonly transfer: DesiredTransfer;
  readonly end: AbortController;
  /** Fences all writes of the transfer. */
  readonly fence: Fence;
  ended: Promise<void>;
  /** Kept between attempts, so that the transfer resumes after an outage. */
  outgoing?: OutgoingTransfer;
  incoming?: IncomingTransfer;
}

/** The transfers running in this process, by ID. */
@Injectable()
export class RunningTransfers extends Map<string, RunningTransfer> {
  /** Stops all transfers. Once this resolves, none of them reads or writes. */
  async end(): Promise<void> {
    const those = [...this.values()];
    for (const { end } of those) end.abort();
    await Promise.allSettled(those.map(({ ended }) => ended));
  }
}
