import { SignInThrottle } from '@atlas/persistence';
import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { AuditModule } from '../audit/audit.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { IdempotencyModule } from '../idempotency/idempotency.module';
import { MailModule } from '../mail/mail.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { TenancyModule } from '../tenancy/tenancy.module';
import { Accounts } from './accounts';
import { AccountsController } from './accounts.controller';
import { Devices } from './devices';
import { Invitations } from './invitations';
import { OldSessions } from './old-sessions';
import { Passwords } from './passwords';
import { PasswordsController } from './passwords.controller';
import { People } from './people';
import { PeopleController } from './people.controller';
import { SignIns } from './sign-ins';
import { SignupTokens } from './signup-tokens';
import { Users } from './users';
import { UsersController } from './users.controller';

/** Lets users join and sign in (by sign-up link, invitation or password), and lets admins manage users. */
@Module({
  imports: [
    AccessModule,
    AuditModule,
    CredentialsModule,
    EntitlementsModule,
    IdempotencyModule,
    MailModule,
    PlaneIdentityModule,
    TenancyModule,
  ],
  controllers: [AccountsController, PasswordsController, PeopleController, UsersController],
  providers: [
    Accounts,
    Devices,
    Invitations,
    OldSessions,
    Passwords,
    People,
    SignInThrottle,
    SignIns,
    SignupTokens,
    Users,
  ],
  exports: [Accounts],
})
export class AccountsModule {}
