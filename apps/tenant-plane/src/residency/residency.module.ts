import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { CredentialsModule } from '../credentials/credentials.module';
import { EgressModule } from '../egress/egress.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { DeclaredEgress } from './declared-egress';
import { LedgerExports } from './ledger-exports';
import { LedgerPages } from './ledger-pages';
import { OldCalls } from './old-calls';
import { ResidencyController } from './residency.controller';

/** Shows a tenant's admins what may leave the plane, and what has left it. */
@Module({
  imports: [AccessModule, CredentialsModule, EgressModule, PlaneIdentityModule],
  controllers: [ResidencyController],
  providers: [DeclaredEgress, LedgerExports, LedgerPages, OldCalls],
})
export class ResidencyModule {}
