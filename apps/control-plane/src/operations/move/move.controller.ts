import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type AcceptedForTenant, type PlanView } from '../../lifecycle/accepted.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { MoveTenantDto } from './move-tenant.dto';
import { Moves } from './moves';

@ApiTags('tenants')
@ApiBearerAuth()
@Requires('tenants:write')
@Controller('tenants/:id')
export class MoveController {
  constructor(
    private readonly moves: Moves,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Post('move')
  move(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: MoveTenantDto,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForTenant }>> {
    if (isDryRun) return this.moves.plan(id, body);
    return this.writes.by(caller, () => this.moves.start(id, body));
  }
}
