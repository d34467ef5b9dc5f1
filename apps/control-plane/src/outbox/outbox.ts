import { Database, insertRow } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { type NewEvent } from './new-event';
import { OutgoingEvent } from './outgoing-event.entity';

/** Writes events in the transactions that make them true. Any process may send them after the commit. */
@Injectable()
export class Outbox {
  private readonly console: string;
  private hint: () => void = () => undefined;

  constructor(
    config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    this.console = new URL('/console', config.CONTROL_PLANE_PUBLIC_URL).href;
  }

  /** Hold the lock of the event's subject, so that the subject's events are numbered in commit order. */
  async add(manager: EntityManager, { type, subject, page, data }: NewEvent): Promise<void> {
    const at = this.clock.now();
    const told = { ...data, console_url: `${this.console}${page}` };
    await insertRow(manager, OutgoingEvent, { id: uuidv7(at), type, subject, data: told, occurredAt: at });
    this.database.afterCommit(() => this.hint());
  }

  /** `hint` is called after this process has committed an event. It may be lost. */
  onAdded(hint: () => void): void {
    this.hint = hint;
  }
}
