import { Module } from '@nestjs/common';
import { DueWork } from './due-work';

@Module({ providers: [DueWork], exports: [DueWork] })
export class DueModule {}
