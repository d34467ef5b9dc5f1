import { Module } from '@nestjs/common';
import { Resealer } from './resealer';
import { SealingKeysController } from './sealing-keys.controller';

@Module({
  controllers: [SealingKeysController],
  providers: [Resealer],
})
export class SealingModule {}
