import { OutboundNetwork } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { OutboundHttp } from './outbound-http';

/** Calls to addresses that tenants configure. */
@Module({
  imports: [PlaneIdentityModule],
  providers: [OutboundHttp, OutboundNetwork],
  exports: [OutboundHttp],
})
export class OutboundModule {}
