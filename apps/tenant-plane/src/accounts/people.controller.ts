import { ApiBearerAuth, ApiTags, type Page, servesOf } from '@atlas/platform';
import { ListPeopleQuery, type PersonView, type UsersApi } from '@atlas/tenant-api/users';
import { Controller, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant } from '../access/tenant-request';
import { type Permission } from '../credentials/permission';
import { type Tenant } from '../tenancy/tenant.entity';
import { People } from './people';

const Serves = servesOf<UsersApi>();
const READ_PEOPLE: Permission = { name: 'people:read', from: 'fulfiller' };

@ApiTags('users')
@ApiBearerAuth()
@Controller()
export class PeopleController {
  constructor(private readonly people: People) {}

  @Requires(READ_PEOPLE)
  @Serves('GET /api/people')
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListPeopleQuery): Promise<Page<PersonView>> {
    return this.people.list(tenant.id, query);
  }
}
