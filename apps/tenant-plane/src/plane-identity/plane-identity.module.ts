import { Module } from '@nestjs/common';
import { Deployment } from './deployment';
import { PlaneIdentities } from './plane-identities';

@Module({ providers: [Deployment, PlaneIdentities], exports: [Deployment, PlaneIdentities] })
export class PlaneIdentityModule {}
