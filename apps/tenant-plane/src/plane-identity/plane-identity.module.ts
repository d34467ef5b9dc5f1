import { Module } from '@nestjs/common';
import { Deployment } from './deployment';
import { LinkCut } from './link-cut';
import { PlaneIdentities } from './plane-identities';
import { TrustedTime } from './trusted-time';

/**
 * The plane's identity: its row, keys and secrets, the lease among its replicas, and its deployment model.
 */
@Module({
  providers: [Deployment, LinkCut, PlaneIdentities, TrustedTime],
  exports: [Deployment, LinkCut, PlaneIdentities, TrustedTime],
})
export class PlaneIdentityModule {}
