import { Module } from '@nestjs/common';
import { Cells } from './cells';
import { TenantTallies } from './tenant-tallies';

@Module({
  providers: [Cells, TenantTallies],
  exports: [Cells, TenantTallies],
})
export class RegistryModule {}
