import { Refuses, ApiBearerAuth, ApiTags, type Page, UuidPipe } from '@atlas/platform';
import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { type UserDetails } from './user.view';
import { Users } from './users';
import { ListUsersQuery, UpdateUserDto } from './users.dto';

@ApiTags('users')
@ApiBearerAuth()
@Controller('users')
export class UsersController {
  constructor(private readonly users: Users) {}

  @Requires('users:read')
  @Get()
  list(@CurrentTenant() tenant: Tenant, @Query() query: ListUsersQuery): Promise<Page<UserDetails>> {
    return this.users.list(tenant.id, query);
  }

  @Requires('users:read')
  @Get(':id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<UserDetails> {
    return this.users.get(tenant.id, id);
  }

  @Requires('users:write')
  @Patch(':id')
  @Refuses('conflict')
  update(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Param('id', UuidPipe) id: string,
    @Body() dto: UpdateUserDto,
  ): Promise<UserDetails> {
    return this.users.update(tenant.id, by, id, dto);
  }
}
