import { Module } from '@nestjs/common';
import { SealingKeysController } from './sealing-keys.controller';
import { Resealer } from './resealer';

@Module({
  controllers: [SealingKeysController],
  providers: [Resealer],
})
export class SealingModule {}
