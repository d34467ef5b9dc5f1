import { ApiTags, ApiBearerAuth, Refuses, UuidPipe } from '@atlas/platform';
import { Controller, Put, Param, Body, Get } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { type TenantView } from '../tenants/tenant.view';
import { RecordInfrastructureDto } from './record-infrastructure.dto';
import { TenantInfrastructure } from './tenant-infrastructure';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('tenants/:id')
export class TenantInfrastructureController {
  constructor(
    private readonly infrastructure: TenantInfrastructure,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('secrets:write')
  @Put('infrastructure')
  @Refuses('conflict')
  recordInfrastructure(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: RecordInfrastructureDto,
  ): Promise<TenantView> {
    return this.writes.by(caller, () => this.infrastructure.record(id, body));
  }

  @Requires('secrets:read')
  @Get('db-url')
  databaseUrl(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ db_url: string }> {
    return this.writes.by(caller, () => this.infrastructure.databaseUrl(id));
  }
}
