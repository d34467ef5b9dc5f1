import { Column } from 'typeorm';
import { JsonColumn, TimestampColumn } from '../schema/columns';

/**
 * A mail to be sent: its kind and whom or what it concerns, never its text. The secret of a link is minted
 * when the mail is sent, so nothing here, in a backup or in a replica grants access.
 */
export abstract class OutgoingMailRow {
  abstract id: string;
  @Column('varchar') kind: string;
  @JsonColumn() subject: MailSubject;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Attempts that were started. */
  @Column('integer') attempts: number;
  @TimestampColumn({ name: 'next_attempt_at' }) nextAttemptAt: Date;
}

/** Ids and addresses. */
export type MailSubject = Readonly<Record<string, string>>;
