import { type MailKind } from '@atlas/persistence';
import { Global, Module } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module';
import { LINK_KINDS, type LinkKind, ResetLinks } from './accounts/issued-links';
import { MAIL_KINDS } from './mail/mails';
import { SignupMailsModule } from './signup/signup-mails.module';
import { VerifySignupMail } from './signup/verify-signup.mail';
import { SignupLinks } from './tenants/signup-links';
import { TenantsModule } from './tenants/tenants.module';
import { WelcomeMail } from './tenants/welcome.mail';

/** Every kind of email that the Control Plane sends. */
const MAILS = [VerifySignupMail, WelcomeMail];

/** Every kind of link that operators issue. Kinds that do not lock a tenant come first. */
const LINKS = [ResetLinks, SignupLinks];

/** Providers that higher-level modules supply to lower-level ones. All other dependencies point downwards. */
@Global()
@Module({
  imports: [AccountsModule, SignupMailsModule, TenantsModule],
  providers: [
    { provide: MAIL_KINDS, inject: MAILS, useFactory: (...kinds: MailKind[]) => kinds },
    { provide: LINK_KINDS, inject: LINKS, useFactory: (...kinds: LinkKind[]) => kinds },
  ],
  exports: [MAIL_KINDS, LINK_KINDS],
})
export class ExtensionPointsModule {}
