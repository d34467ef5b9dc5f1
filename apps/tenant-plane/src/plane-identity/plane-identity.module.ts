import { Module } from '@nestjs/common';
import { Deployment } from './deployment';
import { PlaneIdentities } from './plane-identities';

/** Who this plane is: its row, keys and secrets, the lease among its replicas, and its deployment model. */
@Module({ providers: [Deployment, PlaneIdentities], exports: [Deployment, PlaneIdentities] })
export class PlaneIdentityModule {}
