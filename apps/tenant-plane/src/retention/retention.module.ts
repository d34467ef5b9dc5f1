import { Module } from '@nestjs/common';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { OldHistory } from './old-history';

/** Deletes the history that a tenant's plan does not keep. */
@Module({ imports: [EntitlementsModule], providers: [OldHistory], exports: [OldHistory] })
export class RetentionModule {}
