import { EventEmitter } from 'node:events';
import { FairLine, type WaitingWork } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';

const LIMITS = { atOnce: 32, ofOneTenant: 4, waiting: 1000 };

/** The runs whose next step is an http step that this process may send. */
@Injectable()
export class HttpLine {
  readonly runs = new FairLine(LIMITS);
  private readonly joined = new EventEmitter();

  constructor(private readonly database: Database) {}

  onJoin(listener: () => void): void {
    this.joined.on('joined', listener);
  }

  /** Adds a run once the current transaction has committed. A run that is lost here is added again later. */
  join(run: WaitingWork): void {
    this.database.afterCommit(() => {
      this.runs.join(run);
      this.joined.emit('joined');
    });
  }
}
