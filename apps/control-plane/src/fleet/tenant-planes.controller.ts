import {
  KeepCopyDto,
  RegisterTenantPlaneDto,
  ListTenantPlanesQuery,
  type RegisteredPlane,
  type TenantPlaneView,
  type VersionsView,
} from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { type Page, ApiBearerAuth, ApiTags, Refuses, UuidPipe } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { KeptCopies } from './kept-copies';
import { TenantPlanes } from './tenant-planes';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Controller()
export class TenantPlanesController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly copies: KeptCopies,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('planes:write')
  @Repeatable()
  @Serves('POST /api/tenant-planes')
  register(
    @CurrentOperator() caller: OperatorCaller,
    @Body() body: RegisterTenantPlaneDto,
  ): Promise<RegisteredPlane> {
    return this.writes.by(caller, () => this.planes.register(body));
  }

  @Requires('planes:read')
  @Serves('GET /api/tenant-planes/:id')
  show(@Param('id', UuidPipe) id: string): Promise<TenantPlaneView> {
    return this.planes.get(id);
  }

  @Requires('planes:write')
  @Refuses('unprocessable')
  @HttpCode(200)
  @Serves('POST /api/tenant-planes/:id/keep-copy')
  keepCopy(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: KeepCopyDto,
  ): Promise<{ tenant_plane: TenantPlaneView }> {
    return this.writes.by(caller, () => this.copies.keep(id, body));
  }

  @Requires('planes:read')
  @Serves('GET /api/versions')
  versions(): Promise<VersionsView> {
    return this.planes.versions();
  }

  @Requires('planes:read')
  @Serves('GET /api/tenant-planes')
  list(@Query() query: ListTenantPlanesQuery): Promise<Page<TenantPlaneView>> {
    return this.planes.list(query);
  }
}
