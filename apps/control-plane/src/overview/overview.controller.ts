import { type Overview } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { Serves } from '../access/serves';
import { Overviews } from './overviews';

@ApiTags('overview')
@ApiBearerAuth()
@Controller()
export class OverviewController {
  constructor(private readonly overviews: Overviews) {}

  @Requires('tenants:read')
  @Serves('GET /api/overview')
  get(): Promise<Overview> {
    return this.overviews.get();
  }
}
