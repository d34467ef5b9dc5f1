import { type DesiredTransfer } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { type Fence } from '../plane-identity/fence';
import { type IncomingTransfer } from './incoming-transfer';
import { type OutgoingTransfer } from './outgoing-transfer';

export interface RunningTransfer {
  /** The transfer as the Control Plane described it when this began. */
  readonly transfer: DesiredTransfer;
  readonly end: AbortController;
  /** Of all that it writes. */
  readonly fence: Fence;
  ended: Promise<void>;
  /** What is under way, and goes on after an outage. */
  outgoing?: OutgoingTransfer;
  incoming?: IncomingTransfer;
}

/** The transfers that run in this process, by their ids. */
@Injectable()
export class RunningTransfers extends Map<string, RunningTransfer> {
  /** From its end on nothing is read or written by a transfer here. */
  async end(): Promise<void> {
    const those = [...this.values()];
    for (const { end } of those) end.abort();
    await Promise.allSettled(those.map(({ ended }) => ended));
  }
}
