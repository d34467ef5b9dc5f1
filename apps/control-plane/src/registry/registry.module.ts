import { Module } from '@nestjs/common';
import { Cells } from './cells';

@Module({
  providers: [Cells],
  exports: [Cells],
})
export class RegistryModule {}
