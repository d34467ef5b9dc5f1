import { Module } from '@nestjs/common';
import { CmdbController } from './cmdb.controller';
import { Cmdb } from './cmdb.service';

@Module({ controllers: [CmdbController], providers: [Cmdb] })
export class CmdbModule {}
