import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type OperatorCaller } from '../access/caller';
import { asAdmitted } from './operator-lock';

/** Writes made by operators, except changes to operators' accounts. */
@Injectable()
export class OperatorWrites {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Commits everything that `work` writes, or nothing. Also commits nothing
   * if the caller's access has been revoked since they were authenticated.
   */
  by<T>(caller: OperatorCaller, work: () => Promise<T>): Promise<T> {
    return this.database.write((manager) => asAdmitted(manager, caller, this.clock, work));
  }
}
