import { Column } from 'typeorm';
import { JsonColumn, TimestampColumn } from '../schema/columns';

/**
 * A mail that is to be sent: its kind and whom or what it is about, never its text. What makes a link work is minted when
 * it is sent, so that nothing here, in a backup or in a replica lets anybody in.
 */
export abstract class OutgoingMailRow {
  abstract id: string;
  @Column('varchar') kind: string;
  @JsonColumn() subject: MailSubject;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Of those that were begun. */
  @Column('integer') attempts: number;
  @TimestampColumn({ name: 'next_attempt_at' }) nextAttemptAt: Date;
}

/** Ids and addresses. */
export type MailSubject = Readonly<Record<string, string>>;
