import { type MailKind, type TenantScope } from '@atlas/persistence';
import { Module, type Type } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { EgressModule } from '../egress/egress.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { InviteMail } from './invite.mail';
import { MAIL_KINDS, Mails } from './mails';
import { PasswordChangedMail } from './password-changed.mail';
import { ResetMail } from './reset.mail';

/** The kinds of email that a tenant plane sends. A new kind needs a file and a line here. */
const KINDS: Type<MailKind<TenantScope>>[] = [InviteMail, PasswordChangedMail, ResetMail];

/** Emails to users. */
@Module({
  imports: [AuditModule, CredentialsModule, EgressModule, TenancyModule],
  providers: [
    ...KINDS,
    { provide: MAIL_KINDS, inject: KINDS, useFactory: (...kinds: MailKind<TenantScope>[]) => kinds },
    Mails,
  ],
  exports: [Mails],
})
export class MailModule {}
