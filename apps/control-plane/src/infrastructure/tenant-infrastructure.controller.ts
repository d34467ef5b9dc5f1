import { RecordInfrastructureDto, type TenantView } from '@atlas/operator-api';
import { ApiTags, ApiBearerAuth, Refuses, UuidPipe } from '@atlas/platform';
import { Controller, Param, Body } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { TenantInfrastructure } from './tenant-infrastructure';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller()
export class TenantInfrastructureController {
  constructor(
    private readonly infrastructure: TenantInfrastructure,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('secrets:write')
  @Serves('PUT /api/tenants/:id/infrastructure')
  @Refuses('conflict')
  recordInfrastructure(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: RecordInfrastructureDto,
  ): Promise<TenantView> {
    return this.writes.by(caller, () => this.infrastructure.record(id, body));
  }

  @Requires('secrets:read')
  @Serves('GET /api/tenants/:id/db-url')
  databaseUrl(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ db_url: string }> {
    return this.writes.by(caller, () => this.infrastructure.databaseUrl(id));
  }
}
