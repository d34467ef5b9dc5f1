import { Module } from '@nestjs/common';
import { ControlPlaneLinkModule } from '../control-plane-link/control-plane-link.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { HomeController } from './home.controller';
import { LinkPagesController } from './link-pages.controller';
import { TenantDefaultController } from './tenant-default.controller';

/** What a tenant's address offers before sign-in. */
@Module({
  imports: [ControlPlaneLinkModule, PlaneIdentityModule],
  controllers: [TenantDefaultController, HomeController, LinkPagesController],
})
export class EntranceModule {}
