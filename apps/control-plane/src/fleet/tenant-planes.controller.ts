import { Repeatable } from '@atlas/persistence';
import { type Page, ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { type RegisteredPlane, type TenantPlaneView, TenantPlanes } from './tenant-planes';
import { ListTenantPlanesQuery, RegisterTenantPlaneDto } from './tenant-planes.dto';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Controller('tenant-planes')
export class TenantPlanesController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('planes:write')
  @Repeatable()
  @Post()
  register(
    @CurrentOperator() caller: OperatorCaller,
    @Body() body: RegisterTenantPlaneDto,
  ): Promise<RegisteredPlane> {
    return this.writes.by(caller, () => this.planes.register(body));
  }

  @Requires('planes:read')
  @Get()
  list(@Query() query: ListTenantPlanesQuery): Promise<Page<TenantPlaneView>> {
    return this.planes.list(query);
  }
}
