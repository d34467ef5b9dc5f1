import {
  ListTenantsQuery,
  UpdateTenantDto,
  type TenantView,
  type SignupLink,
  type CertificateView,
} from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import {
  Refuses,
  type Page,
  ApiBearerAuth,
  ApiTags,
  UuidPipe,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byUpdatedAt,
} from '@atlas/platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { DeletionCertificates } from './deletion-certificates';
import { Tenants } from './tenants';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller()
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly certificates: DeletionCertificates,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tenants:read')
  @Serves('GET /api/tenants')
  list(@Query() query: ListTenantsQuery): Promise<Page<TenantView>> {
    return this.tenants.list(query);
  }

  @Requires('tenants:read')
  @Versioned(byUpdatedAt)
  @Serves('GET /api/tenants/:id_or_slug')
  get(@Param('id_or_slug') idOrSlug: string): Promise<TenantView> {
    return this.tenants.get(idOrSlug);
  }

  @Requires('tenants:write')
  @Versioned(byUpdatedAt)
  @Serves('PATCH /api/tenants/:id')
  @Refuses('conflict')
  update(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: UpdateTenantDto,
    @IfMatch() expected: ExpectedVersion<TenantView>,
  ): Promise<TenantView> {
    return this.writes.by(caller, () => this.tenants.update(id, body, expected));
  }

  @Requires('tenants:write')
  @Repeatable()
  @Serves('POST /api/tenants/:id/signup-link')
  createSignupLink(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<SignupLink> {
    return this.writes.by(caller, () => this.tenants.createSignupLink(caller, id));
  }

  @Requires('tenants:read')
  @Serves('GET /api/tenants/:id/deletion-certificate')
  deletionCertificate(@Param('id', UuidPipe) id: string): Promise<CertificateView> {
    return this.certificates.get(id);
  }
}
