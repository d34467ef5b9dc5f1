import { type AiProviderView, ChangeAiProviderDto, CreateAiProviderDto } from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import {
  ApiBearerAuth,
  ApiTags,
  ExpectedVersion,
  IfMatch,
  Refuses,
  UuidPipe,
  Versioned,
  byUpdatedAt,
} from '@atlas/platform';
import { Body, Controller, HttpCode, Param } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { AiProviders } from './ai-providers';

@ApiTags('ai')
@ApiBearerAuth()
@Requires('ai_providers:write')
@Controller()
export class AiProvidersController {
  constructor(
    private readonly providers: AiProviders,
    private readonly writes: OperatorWrites,
  ) {}

  @Serves('GET /api/ai/providers')
  list(): Promise<{ items: AiProviderView[] }> {
    return this.providers.list();
  }

  @Repeatable()
  @Serves('POST /api/ai/providers')
  @Refuses('conflict')
  create(
    @CurrentOperator() caller: OperatorCaller,
    @Body() dto: CreateAiProviderDto,
  ): Promise<AiProviderView> {
    return this.writes.by(caller, () => this.providers.create(dto));
  }

  @Versioned(byUpdatedAt)
  @Serves('GET /api/ai/providers/:id')
  find(@Param('id', UuidPipe) id: string): Promise<AiProviderView> {
    return this.providers.find(id);
  }

  @Versioned(byUpdatedAt)
  @Serves('PATCH /api/ai/providers/:id')
  @Refuses('conflict')
  change(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() dto: ChangeAiProviderDto,
    @IfMatch() expected: ExpectedVersion<AiProviderView>,
  ): Promise<AiProviderView> {
    return this.writes.by(caller, () => this.providers.change(id, dto, expected));
  }

  @Versioned(byUpdatedAt)
  @Serves('DELETE /api/ai/providers/:id')
  @HttpCode(204)
  remove(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IfMatch() expected: ExpectedVersion<AiProviderView>,
  ): Promise<void> {
    return this.writes.by(caller, () => this.providers.remove(id, expected));
  }
}
