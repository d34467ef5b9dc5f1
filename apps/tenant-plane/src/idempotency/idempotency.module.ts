import { RepeatableRequests } from '@atlas/persistence';
import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { TenantIdempotency } from './tenant-idempotency';
import { UserRequests } from './user-requests';

/** Requests that may be repeated with an `Idempotency-Key`. */
@Module({
  imports: [AccessModule],
  providers: [TenantIdempotency, { provide: RepeatableRequests, useClass: UserRequests }],
  exports: [RepeatableRequests],
})
export class IdempotencyModule {}
