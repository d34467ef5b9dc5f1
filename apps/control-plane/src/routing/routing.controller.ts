import { ApiBearerAuth, ApiProperty, ApiTags } from '@atlas/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { Requires } from '../accounts/access.guard';
import { Routes } from './routes.service';

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
  resolve(@Query() { host }: ResolveQuery): Promise<unknown> {
    return this.routes.ofHost(host);
  }
}
