import { OutboundNetwork } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { OutboxModule } from '../outbox/outbox.module';
import { DeliveryQueue } from './delivery-queue';
import { EventDispatcher } from './event-dispatcher';
import { EventSpreader } from './event-spreader';
import { EventSubscriptions } from './event-subscriptions';
import { EventSubscriptionsController } from './event-subscriptions.controller';
import { Webhooks } from './webhooks';

@Module({
  imports: [AccountsModule, AuditModule, OutboxModule],
  controllers: [EventSubscriptionsController],
  providers: [DeliveryQueue, EventDispatcher, EventSpreader, EventSubscriptions, OutboundNetwork, Webhooks],
  exports: [DeliveryQueue],
})
export class EventsModule {}
