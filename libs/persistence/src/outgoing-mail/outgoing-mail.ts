import { Column } from 'typeorm';
import { JsonColumn, TimestampColumn } from '../schema/columns';

/**
 * An email to be sent. Contains its kind and the ids and addresses that it concerns, but never its text. The
 * secret in its link is minted when the email is sent, so neither this row nor a backup of it grants access.
 */
export abstract class OutgoingMailRow {
  abstract id: string;
  @Column('varchar') kind: string;
  @JsonColumn() subject: MailSubject;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** The number of attempts started so far. */
  @Column('integer') attempts: number;
  @TimestampColumn({ name: 'next_attempt_at' }) nextAttemptAt: Date;
}

/** Contains only ids and addresses. */
export type MailSubject = Readonly<Record<string, string>>;
