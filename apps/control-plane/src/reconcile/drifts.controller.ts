import { ApiBearerAuth, ApiTags, type Page } from '@atlas/platform';
import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { type DriftView, Drifts } from './drifts';
import { ListDriftsQuery } from './drifts.dto';
import { type Look, Reconciler } from './reconciler';

@ApiTags('reconciliation')
@ApiBearerAuth()
@Controller()
export class DriftsController {
  constructor(
    private readonly drifts: Drifts,
    private readonly reconciler: Reconciler,
  ) {}

  @Requires('planes:read')
  @Get('drifts')
  list(@Query() query: ListDriftsQuery): Promise<Page<DriftView>> {
    return this.drifts.list(query);
  }

  /** Looks now, and answers with the result. */
  @Requires('planes:write')
  @Post('reconcile')
  @HttpCode(200)
  look(): Promise<Look> {
    return this.reconciler.look();
  }
}
