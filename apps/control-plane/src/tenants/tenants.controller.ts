import { IdempotencyKey } from '@atlas/persistence';
import { Repeatable } from '@atlas/persistence';
import {
  Refuses,
  type Page,
  type Sends,
  ApiBearerAuth,
  ApiIdempotencyKey,
  ApiTags,
  UuidPipe,
} from '@atlas/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../access.guard';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { SealedIdempotency } from '../idempotency/sealed-idempotency';
import { sendRepeatable } from '../idempotency/send-repeatable';
import { Provisioning } from '../operations/provision/provisioning';
import { DryRunQuery, IssueTokenDto } from '../fleet/tenant-planes.dto';
import { DeletionCertificates } from './deletion-certificates';
import { TenantInfrastructure } from '../infrastructure/tenant-infrastructure';
import {
  ListTenantsQuery,
  ProvisionTenantDto,
  RecordInfrastructureDto,
  UpdateTenantDto,
} from './tenants.dto';
import { TenantTokens } from '../install-bundles/tenant-tokens';
import { Tenants } from './tenants';
import { type AcceptedForTenant, type PlanView } from '../lifecycle/accepted.view';
import { type InstallBundle } from '../enrolment/provisioning-tokens';
import { type CertificateView } from './deletion-certificates';
import { type SignupLink } from './signup-links';
import { type TokenView } from '../install-bundles/tenant-tokens';
import { type TenantView } from './tenant.view';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly provisioning: Provisioning,
    private readonly idempotency: SealedIdempotency,
    private readonly tokens: TenantTokens,
    private readonly infrastructure: TenantInfrastructure,
    private readonly certificates: DeletionCertificates,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tenants:provision')
  @Post('provision')
  @ApiIdempotencyKey()
  async provision(
    @CurrentOperator() caller: OperatorCaller,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: ProvisionTenantDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForTenant }>> {
    if (isDryRun) {
      await reply.status(200).send(await this.provisioning.plan(body));
      return;
    }
    const request = { path: '/api/tenants/provision', key, body };
    const answer = this.idempotency.onceBy(caller, request, (manager) =>
      this.provisioning.accept(manager, body, 'api'),
    );
    await sendRepeatable(reply, await answer);
  }

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

  @Requires('tokens:issue')
  @Repeatable()
  @Post(':id/provisioning-tokens')
  async issueToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() { token_ttl_seconds: ttlSeconds }: IssueTokenDto,
  ): Promise<{ install: InstallBundle }> {
    return { install: await this.writes.by(caller, () => this.tokens.issue(id, ttlSeconds)) };
  }

  @Requires('tokens:read')
  @Get(':id/provisioning-tokens')
  @Refuses('conflict')
  listTokens(@Param('id', UuidPipe) id: string): Promise<Page<TokenView>> {
    return this.tokens.list(id);
  }

  @Requires('tokens:issue')
  @Delete(':id/provisioning-tokens/:token_id')
  @Refuses('conflict')
  @HttpCode(204)
  revokeToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Param('token_id') tokenId: string,
  ): Promise<void> {
    return this.writes.by(caller, () => this.tokens.revoke(id, tokenId));
  }

  @Requires('tenants:read')
  @Get(':id/deletion-certificate')
  deletionCertificate(@Param('id', UuidPipe) id: string): Promise<CertificateView> {
    return this.certificates.get(id);
  }

  @Requires('secrets:write')
  @Put(':id/infrastructure')
  @Refuses('conflict')
  recordInfrastructure(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: RecordInfrastructureDto,
  ): Promise<TenantView> {
    return this.writes.by(caller, () => this.infrastructure.record(id, body));
  }

  @Requires('secrets:read')
  @Get(':id/db-url')
  databaseUrl(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ db_url: string }> {
    return this.writes.by(caller, () => this.infrastructure.databaseUrl(id));
  }
}
