import {
  CreateEventSubscriptionDto,
  type CreatedEventSubscription,
  type EventDeliveryView,
  type EventSubscriptionView,
  ListEventDeliveriesQuery,
} from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, type Page, PageQuery, Refuses, UuidPipe } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Query, UseInterceptors } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { AllowedAddress } from './allowed-address.interceptor';
import { EventSubscriptions } from './event-subscriptions';

@ApiTags('events')
@ApiBearerAuth()
@Requires('events:manage')
@Controller()
export class EventSubscriptionsController {
  constructor(
    private readonly subscriptions: EventSubscriptions,
    private readonly writes: OperatorWrites,
  ) {}

  @Repeatable({ forRepeats: (answer) => ({ ...answer, secret: null }) })
  @UseInterceptors(AllowedAddress)
  @Refuses('conflict', 'unprocessable')
  @Serves('POST /api/event-subscriptions')
  create(
    @CurrentOperator() caller: OperatorCaller,
    @Body() dto: CreateEventSubscriptionDto,
  ): Promise<CreatedEventSubscription> {
    return this.writes.by(caller, () => this.subscriptions.create(dto));
  }

  @Serves('GET /api/event-subscriptions')
  list(@Query() query: PageQuery): Promise<Page<EventSubscriptionView>> {
    return this.subscriptions.list(query);
  }

  @Serves('DELETE /api/event-subscriptions/:id')
  @HttpCode(204)
  remove(@CurrentOperator() caller: OperatorCaller, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.writes.by(caller, () => this.subscriptions.remove(id));
  }

  @Repeatable()
  @Refuses('conflict')
  @Serves('POST /api/event-subscriptions/:id/test')
  @HttpCode(202)
  async test(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ delivery: EventDeliveryView }> {
    return { delivery: await this.writes.by(caller, () => this.subscriptions.test(id)) };
  }

  @Serves('GET /api/event-subscriptions/:id/deliveries')
  deliveries(
    @Param('id', UuidPipe) id: string,
    @Query() query: ListEventDeliveriesQuery,
  ): Promise<Page<EventDeliveryView>> {
    return this.subscriptions.deliveries(id, query);
  }
}
