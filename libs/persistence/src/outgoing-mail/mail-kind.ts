import { type Letter } from '@atlas/platform';
import { type MailScope } from './mail-queue';
import { type MailSubject } from './outgoing-mail';

export interface AddressedLetter extends Letter {
  readonly to: string;
}

/** One reason to send an email. */
export abstract class MailKind<S extends MailScope = MailScope> {
  abstract readonly name: string;

  /**
   * Writes the letter and mints the secret for its link, in a transaction that commits before the letter is
   * sent. May be called again for the same email, with an `attempt` above one. Earlier copies may already
   * have been delivered, so their links must keep working. Returns null if there is no recipient or the email
   * is no longer needed. The email is then removed in the same transaction. If this throws, the email is
   * postponed.
   */
  abstract write(scope: S, subject: MailSubject, attempt: number): Promise<AddressedLetter | null>;
}
