import { ListApiKeysQuery, CreateApiKeyDto, type ApiKeyView, type CreatedApiKey } from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, type Page } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { ApiKeys } from './api-keys';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller()
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Requires('api_keys:read')
  @Serves('GET /api/api-keys')
  list(@Query() query: ListApiKeysQuery): Promise<Page<ApiKeyView>> {
    return this.keys.list(query);
  }

  @Requires('api_keys:write')
  @Repeatable()
  @Serves('POST /api/api-keys')
  create(@CurrentOperator() caller: OperatorCaller, @Body() dto: CreateApiKeyDto): Promise<CreatedApiKey> {
    return this.keys.create(caller, dto);
  }

  @Requires('api_keys:write')
  @Serves('DELETE /api/api-keys/:id')
  @HttpCode(204)
  revoke(@CurrentOperator() caller: OperatorCaller, @Param('id') id: string): Promise<void> {
    return this.keys.revoke(caller, id);
  }
}
