import { Repeatable } from '@atlas/persistence';
import { Refuses, type Page, ApiBearerAuth, ApiTags, UuidPipe } from '@atlas/platform';
import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { DeletionCertificates } from './deletion-certificates';
import { type CertificateView } from './deletion-certificates';
import { type SignupLink } from './signup-links';
import { type TenantView } from './tenant.view';
import { Tenants } from './tenants';
import { ListTenantsQuery, UpdateTenantDto } from './tenants.dto';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly certificates: DeletionCertificates,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tenants:read')
  @Get()
  list(@Query() query: ListTenantsQuery): Promise<Page<TenantView>> {
    return this.tenants.list(query);
  }

  @Requires('tenants:read')
  @Get(':id_or_slug')
  get(@Param('id_or_slug') idOrSlug: string): Promise<TenantView> {
    return this.tenants.get(idOrSlug);
  }

  @Requires('tenants:write')
  @Patch(':id')
  @Refuses('conflict')
  update(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: UpdateTenantDto,
  ): Promise<TenantView> {
    return this.writes.by(caller, () => this.tenants.update(id, body));
  }

  @Requires('tenants:write')
  @Repeatable()
  @Post(':id/signup-link')
  createSignupLink(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<SignupLink> {
    return this.writes.by(caller, () => this.tenants.createSignupLink(caller, id));
  }

  @Requires('tenants:read')
  @Get(':id/deletion-certificate')
  deletionCertificate(@Param('id', UuidPipe) id: string): Promise<CertificateView> {
    return this.certificates.get(id);
  }
}
