import { AiUsageQuery, type AiUsageView } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, Refuses } from '@atlas/platform';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { Serves } from '../../access/serves';
import { AiCredits } from './ai-credits';

@ApiTags('ai')
@ApiBearerAuth()
@Controller()
export class AiUsageController {
  constructor(private readonly credits: AiCredits) {}

  @Requires('tenants:read')
  @Serves('GET /api/ai/usage')
  @Refuses('not_found')
  usage(@Query() { tenant_id: tenantId, month }: AiUsageQuery): Promise<AiUsageView> {
    return this.credits.usage(tenantId, month);
  }
}
