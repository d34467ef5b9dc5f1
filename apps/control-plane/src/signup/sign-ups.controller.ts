import { ListSignupsQuery, type ListedSignup } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, type Page } from '@atlas/platform';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { Serves } from '../access/serves';
import { Signups } from './signups';

/** Shows operators who has asked for a tenant. */
@ApiTags('sign-up')
@ApiBearerAuth()
@Controller()
export class SignUpsController {
  constructor(private readonly signups: Signups) {}

  @Requires('tenants:read')
  @Serves('GET /api/sign-ups')
  list(@Query() query: ListSignupsQuery): Promise<Page<ListedSignup>> {
    return this.signups.list(query);
  }
}
