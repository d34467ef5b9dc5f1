import { type MailKind, type TenantScope } from '@atlas/persistence';
import { type Provider, type Type } from '@nestjs/common';
import { InviteMail } from './invite.mail';
import { PasswordChangedMail } from './password-changed.mail';
import { ResetMail } from './reset.mail';
import { MAIL_KINDS, Mails } from './mails';

/** Every kind of mail that a tenant plane sends. */
const KINDS: Type<MailKind<TenantScope>>[] = [InviteMail, PasswordChangedMail, ResetMail];

export const MAIL_PROVIDERS: Provider[] = [
  ...KINDS,
  { provide: MAIL_KINDS, inject: KINDS, useFactory: (...kinds: MailKind<TenantScope>[]) => kinds },
  Mails,
];
