import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { ControlPlaneLinkModule } from '../control-plane-link/control-plane-link.module';
import { EgressModule } from '../egress/egress.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { MailModule } from '../mail/mail.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { SingleSignOnModule } from '../single-sign-on/single-sign-on.module';
import { DeploymentController } from './deployment.controller';
import { DeploymentState } from './deployment-state';
import { HomeController } from './home.controller';
import { LinkPagesController } from './link-pages.controller';
import { SignInWays } from './sign-in-ways';
import { TenantDefaultController } from './tenant-default.controller';

/** What a tenant's address offers before sign-in. */
@Module({
  imports: [
    AccountsModule,
    ControlPlaneLinkModule,
    EgressModule,
    EntitlementsModule,
    MailModule,
    PlaneIdentityModule,
    SingleSignOnModule,
  ],
  controllers: [TenantDefaultController, DeploymentController, HomeController, LinkPagesController],
  providers: [DeploymentState, SignInWays],
})
export class EntranceModule {}
