import { type Letter } from '@atlas/platform';
import { type MailScope } from './mail-queue';
import { type MailSubject } from './outgoing-mail';

export interface AddressedLetter extends Letter {
  readonly to: string;
}

/** One reason to write to somebody. */
export abstract class MailKind<S extends MailScope = MailScope> {
  abstract readonly name: string;

  /**
   * Writes the letter, and mints what its link needs: in a transaction of its own, which has committed when the letter
   * goes out. It may be called again for the same mail, for its second `attempt` and later ones: copies may be out by then,
   * and their links must go on working. Null: there is nobody to write to, or no reason any more; the mail is then removed
   * in the same transaction. What it throws postpones the mail.
   */
  abstract write(scope: S, subject: MailSubject, attempt: number): Promise<AddressedLetter | null>;
}
