import {
  ListDriftsQuery,
  type DriftView,
  type Look,
  type ReconcilePassView,
  type ReconciliationView,
} from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, type Page } from '@atlas/platform';
import { Controller, HttpCode, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { Drifts } from './drifts';
import { ReconcilePasses } from './reconcile-passes';
import { Reconciler } from './reconciler';

@ApiTags('reconciliation')
@ApiBearerAuth()
@Controller()
export class DriftsController {
  constructor(
    private readonly drifts: Drifts,
    private readonly reconciler: Reconciler,
    private readonly passes: ReconcilePasses,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('planes:read')
  @Serves('GET /api/drifts')
  list(@Query() query: ListDriftsQuery): Promise<Page<DriftView>> {
    return this.drifts.list(query);
  }

  /** Reconciles now and returns the result or, with much to compare, the pass that does it. */
  @Requires('planes:write')
  @Serves('POST /api/reconcile')
  @HttpCode(200)
  async look(
    @CurrentOperator() caller: OperatorCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Look | ReconcilePassView> {
    const pass = await this.writes.by(caller, () => this.passes.request());
    if (!pass) return this.reconciler.look();
    void reply.status(202);
    return pass;
  }

  @Requires('planes:read')
  @Serves('GET /api/reconcile')
  async newest(): Promise<ReconciliationView> {
    return { pass: await this.passes.newest() };
  }
}
