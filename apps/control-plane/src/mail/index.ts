import { type MailKind } from '@atlas/persistence';
import { type Provider, type Type } from '@nestjs/common';
import { VerifySignupMail } from '../signup/verify-signup.mail';
import { WelcomeMail } from '../tenants/welcome.mail';
import { MAIL_KINDS, Mails } from './mails';

/** Every kind of mail that the Control Plane sends. */
const KINDS: Type<MailKind>[] = [VerifySignupMail, WelcomeMail];

export const MAIL_PROVIDERS: Provider[] = [
  ...KINDS,
  { provide: MAIL_KINDS, inject: KINDS, useFactory: (...kinds: MailKind[]) => kinds },
  Mails,
];
