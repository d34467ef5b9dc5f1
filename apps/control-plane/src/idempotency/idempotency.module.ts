import { RepeatableRequests } from '@atlas/persistence';
import { Global, Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { OperatorRequests } from './operator-requests';
import { SealedIdempotency } from './sealed-idempotency';

/** Global, since any module may have repeatable routes. */
@Global()
@Module({
  imports: [AccountsModule],
  providers: [SealedIdempotency, { provide: RepeatableRequests, useClass: OperatorRequests }],
  exports: [RepeatableRequests, SealedIdempotency],
})
export class IdempotencyModule {}
