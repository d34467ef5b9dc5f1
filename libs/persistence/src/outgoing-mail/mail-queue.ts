import { randomUUID } from 'node:crypto';
import { type EntityManager, type EntityTarget, type SelectQueryBuilder } from 'typeorm';
import { insertRow, lockedForUpdate } from '../rows/rows';
import { type MailSubject, type OutgoingMailRow } from './outgoing-mail';

/** A transaction and, on a plane whose emails belong to tenants, the tenant. */
export interface MailScope {
  readonly manager: EntityManager;
  readonly tenantId?: string;
}

/** The queued emails of a plane, or of one of its tenants. */
export class MailQueue {
  constructor(
    private readonly entity: EntityTarget<OutgoingMailRow>,
    private readonly scope: MailScope,
  ) {}

  async add(kind: string, subject: MailSubject, at: Date): Promise<void> {
    const row = { id: randomUUID(), kind, subject, createdAt: at, attempts: 0, nextAttemptAt: at };
    await insertRow(this.scope.manager, this.entity, { ...this.own, ...row });
  }

  /** Whether the queue contains no emails at all, due or not. */
  isEmpty(): Promise<boolean> {
    return this.query()
      .getExists()
      .then((exists) => !exists);
  }

  /** When the oldest email was queued; null if there is none. */
  async oldest(): Promise<Date | null> {
    const mail = await this.query().orderBy('mail.createdAt').limit(1).getOne();
    return mail?.createdAt ?? null;
  }

  /**
   * Claims an email that is due. No other process can claim it before `until(attempts)`, where `attempts`
   * includes the new attempt.
   */
  async claim(now: Date, until: (attempts: number) => Date): Promise<OutgoingMailRow | null> {
    const due = this.query()
      .andWhere('mail.nextAttemptAt <= :now', { now })
      .orderBy('mail.nextAttemptAt')
      .limit(1);
    const mail = await lockedForUpdate(due, { skipLocked: true }).getOne();
    if (!mail) return null;
    const attempts = mail.attempts + 1;
    const claim = { attempts, nextAttemptAt: until(attempts) };
    await this.scope.manager.update(this.entity, { ...this.own, id: mail.id }, claim);
    return { ...mail, ...claim };
  }

  /**
   * Whether this process still holds the claim. No other process can claim the email until the transaction
   * ends.
   */
  async hold({ id, attempts }: OutgoingMailRow): Promise<boolean> {
    const claimed = this.query().andWhere('mail.id = :id and mail.attempts = :attempts', { id, attempts });
    return (await lockedForUpdate(claimed).getOne()) !== null;
  }

  /** Does nothing if another process has claimed the email in the meantime. */
  async postpone({ id, attempts }: OutgoingMailRow, until: Date): Promise<void> {
    await this.scope.manager.update(this.entity, { ...this.own, id, attempts }, { nextAttemptAt: until });
  }

  /**
   * Like {@link postpone}, does nothing if another process has claimed the email. Returns whether the email
   * was removed.
   */
  async remove({ id, attempts }: OutgoingMailRow): Promise<boolean> {
    const { affected } = await this.scope.manager.delete(this.entity, { ...this.own, id, attempts });
    return affected === 1;
  }

  private get own(): { tenantId?: string } {
    const { tenantId } = this.scope;
    return tenantId === undefined ? {} : { tenantId };
  }

  private query(): SelectQueryBuilder<OutgoingMailRow> {
    const { manager, tenantId } = this.scope;
    const all = manager.createQueryBuilder(this.entity, 'mail').where('1 = 1');
    return tenantId === undefined ? all : all.where('mail.tenantId = :tenantId', { tenantId });
  }
}
