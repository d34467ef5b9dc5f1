import { ResolveQuery } from '@atlas/operator-api';
import { type TenantRoute } from '@atlas/plane-contract';
import { Refuses, ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { Serves } from '../access/serves';
import { Routes } from './routes';

@ApiTags('routing')
@ApiBearerAuth()
@Controller()
export class RoutingController {
  constructor(private readonly routes: Routes) {}

  @Requires('routing:read')
  @Serves('GET /api/routing/resolve')
  @Refuses('not_found')
  resolve(@Query() { host }: ResolveQuery): Promise<TenantRoute & { host: string }> {
    return this.routes.ofHost(host);
  }
}
