import { Readable } from 'node:stream';
import {
  ApiBearerAuth,
  ApiTags,
  Refuses,
  TakesStream,
  UuidPipe,
  servesOf,
  unsupportedMediaType,
} from '@atlas/platform';
import { ARCHIVE_TYPE, type ExportsApi, type ImportView } from '@atlas/tenant-api/exports';
import { Controller, HttpCode, Param, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { IMPORT_DATA, Imports } from './imports';

const Serves = servesOf<ExportsApi>();

@ApiTags('exports')
@ApiBearerAuth()
@Requires(IMPORT_DATA)
@Controller()
export class ImportsController {
  constructor(private readonly imports: Imports) {}

  /**
   * Not repeatable by an `Idempotency-Key`, which would have to cover the whole archive. A repeated import
   * finds that another one is running, or that the tenant is no longer empty.
   */
  @TakesStream(ARCHIVE_TYPE)
  @Refuses('conflict', 'unprocessable')
  @Serves('POST /api/imports')
  @HttpCode(202)
  receive(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Req() { body }: FastifyRequest,
  ): Promise<ImportView> {
    if (!(body instanceof Readable)) throw unsupportedMediaType();
    return this.imports.receive(tenant.id, user, body);
  }

  @Serves('GET /api/imports/:id')
  get(@CurrentTenant() tenant: Tenant, @Param('id', UuidPipe) id: string): Promise<ImportView> {
    return this.imports.get(tenant.id, id);
  }
}
