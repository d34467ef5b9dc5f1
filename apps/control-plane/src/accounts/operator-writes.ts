import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type OperatorCaller } from '../access/caller';
import { asAdmitted } from './operator-lock';

/** What operators write that is not about operators. */
@Injectable()
export class OperatorWrites {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * All that `work` writes, or nothing: that too when the caller's access was revoked since they were let in.
   */
  by<T>(caller: OperatorCaller, work: () => Promise<T>): Promise<T> {
    return this.database.write((manager) => asAdmitted(manager, caller, this.clock, work));
  }
}
