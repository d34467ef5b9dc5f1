import { type Letter } from '@atlas/platform';
import { type MailScope } from './mail-queue';
import { type MailSubject } from './outgoing-mail';

export interface AddressedLetter extends Letter {
  readonly to: string;
}

/** One reason to send somebody a mail. */
export abstract class MailKind<S extends MailScope = MailScope> {
  abstract readonly name: string;

  /**
   * Writes the letter and mints what its link needs, in a transaction that has committed when the letter goes
   * out. It may be called again for the same mail, with an `attempt` above one: copies may be out by then,
   * and their links must keep working. Null: there is nobody to write to, or no longer a reason; the mail is
   * then removed in the same transaction. An exception postpones the mail.
   */
  abstract write(scope: S, subject: MailSubject, attempt: number): Promise<AddressedLetter | null>;
}
