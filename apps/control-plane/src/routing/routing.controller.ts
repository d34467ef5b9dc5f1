import { type TenantRoute } from '@atlas/plane-contract';
import { Refuses, ApiBearerAuth, ApiProperty, ApiTags } from '@atlas/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { Requires } from '../access/access.decorators';
import { Routes } from './routes';

export class ResolveQuery {
  @ApiProperty({ example: 'acme.atlas.example' })
  @IsString()
  @Length(1, 260)
  host: string;
}

@ApiTags('routing')
@ApiBearerAuth()
@Controller('routing')
export class RoutingController {
  constructor(private readonly routes: Routes) {}

  @Requires('routing:read')
  @Get('resolve')
  @Refuses('not_found')
  resolve(@Query() { host }: ResolveQuery): Promise<TenantRoute & { host: string }> {
    return this.routes.ofHost(host);
  }
}
