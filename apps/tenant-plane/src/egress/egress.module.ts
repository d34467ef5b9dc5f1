import { Module } from '@nestjs/common';
import { OutboundModule } from '../outbound/outbound.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { Egress } from './egress';
import { EgressLedger } from './egress-ledger';
import { OutboundCalls } from './outbound-calls';

/** The only door out of the plane, and the ledger of what has left. */
@Module({
  imports: [OutboundModule, PlaneIdentityModule],
  providers: [Egress, EgressLedger, OutboundCalls],
  exports: [Egress, EgressLedger, OutboundCalls],
})
export class EgressModule {}
