import { ListDriftsQuery, type DriftView, type Look } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, type Page } from '@atlas/platform';
import { Controller, HttpCode, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { Serves } from '../access/serves';
import { Drifts } from './drifts';
import { Reconciler } from './reconciler';

@ApiTags('reconciliation')
@ApiBearerAuth()
@Controller()
export class DriftsController {
  constructor(
    private readonly drifts: Drifts,
    private readonly reconciler: Reconciler,
  ) {}

  @Requires('planes:read')
  @Serves('GET /api/drifts')
  list(@Query() query: ListDriftsQuery): Promise<Page<DriftView>> {
    return this.drifts.list(query);
  }

  /** Reconciles now and returns the result. */
  @Requires('planes:write')
  @Serves('POST /api/reconcile')
  @HttpCode(200)
  look(): Promise<Look> {
    return this.reconciler.look();
  }
}
