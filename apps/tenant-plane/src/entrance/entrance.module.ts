import { Module } from '@nestjs/common';
import { ControlPlaneLinkModule } from '../control-plane-link/control-plane-link.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { HomeController } from './home.controller';
import { LinkPagesController } from './link-pages.controller';
import { TenantDefaultController } from './tenant-default.controller';

/** What anybody finds at a tenant's address before they sign in. */
@Module({
  imports: [ControlPlaneLinkModule, PlaneIdentityModule],
  controllers: [TenantDefaultController, HomeController, LinkPagesController],
})
export class EntranceModule {}
