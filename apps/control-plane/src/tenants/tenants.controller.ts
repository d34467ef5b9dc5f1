import { Repeatable } from '@atlas/persistence';
import { UuidPipe } from '@atlas/platform';
import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { Requires } from '../accounts/access.guard';
import { CurrentOperator, type OperatorCaller } from '../accounts/caller';
import { SealedIdempotency } from '../idempotency/sealed-idempotency';
import { sendRepeatable } from '../idempotency/send-repeatable';
import { Provisioning } from '../provisioning/provisioning.service';
import { DryRunQuery } from '../tenant-planes/tenant-planes.dto';
import { ListTenantsQuery, ProvisionTenantDto } from './tenants.dto';
import { Tenants } from './tenants.service';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly provisioning: Provisioning,
    private readonly idempotency: SealedIdempotency,
  ) {}

  @Requires('tenants:provision')
  @Post('provision')
  @ApiHeader({ name: 'idempotency-key', required: false })
  async provision(
    @CurrentOperator() caller: OperatorCaller,
    @Headers('idempotency-key') key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: ProvisionTenantDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (isDryRun) {
      await reply.status(200).send(await this.provisioning.plan(body));
      return;
    }
    const request = { scope: [caller.id, 'POST', '/api/tenants/provision'], key, body };
    await sendRepeatable(
      reply,
      await this.idempotency.once(request, (manager) => this.provisioning.accept(manager, body, 'api')),
    );
  }

  @Requires('tenants:read')
  @Get()
  list(@Query() query: ListTenantsQuery): Promise<unknown> {
    return this.tenants.list(query);
  }

  @Requires('tenants:read')
  @Get(':id_or_slug')
  get(@Param('id_or_slug') idOrSlug: string): Promise<unknown> {
    return this.tenants.get(idOrSlug);
  }

  @Requires('tenants:write')
  @Repeatable()
  @Post(':id/signup-link')
  createSignupLink(@Param('id', UuidPipe) id: string): Promise<unknown> {
    return this.tenants.createSignupLink(id);
  }
}
