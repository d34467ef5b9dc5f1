import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { OutboundHttp } from './outbound-http';
import { OutboundNetwork } from './outbound-network';

/** Calls to addresses that tenants configure. */
@Module({
  imports: [PlaneIdentityModule],
  providers: [OutboundHttp, OutboundNetwork],
  exports: [OutboundHttp],
})
export class OutboundModule {}
