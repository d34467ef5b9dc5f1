import { Module } from '@nestjs/common';
import { CmdbController } from './cmdb.controller';
import { Cmdb } from './cmdb';

@Module({ controllers: [CmdbController], providers: [Cmdb] })
export class CmdbModule {}
