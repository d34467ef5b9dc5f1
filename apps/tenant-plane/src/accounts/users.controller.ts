import {
  Refuses,
  ApiBearerAuth,
  ApiTags,
  type Page,
  UuidPipe,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byContent,
} from '@atlas/platform';
import { type UsersApi, ListUsersQuery, UpdateUserDto, type UserDetails } from '@atlas/tenant-api/users';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type Permission, WRITE_USERS } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Users } from './users';

const Serves = servesOf<UsersApi>();
const READ_USERS: Permission = { name: 'users:read', from: 'operator' };
const VERSION = byContent<UserDetails>('name', 'role', 'status');

@ApiTags('users')
@ApiBearerAuth()
@Controller()
export class UsersController {
  constructor(private readonly users: Users) {}

  @Requires(READ_USERS)
  @Serves('GET /api/users')
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListUsersQuery): Promise<Page<UserDetails>> {
    return this.users.list(tenant.id, query);
  }

  @Requires(READ_USERS)
  @Versioned(VERSION)
  @Serves('GET /api/users/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<UserDetails> {
    return this.users.get(tenant.id, id);
  }

  @Requires(WRITE_USERS)
  @Versioned(VERSION)
  @Serves('PATCH /api/users/:id')
  @Refuses('conflict')
  update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateUserDto,
    @IfMatch() expected: ExpectedVersion<UserDetails>,
  ): Promise<UserDetails> {
    return this.users.update(tenant.id, by, id, dto, expected);
  }
}
