import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, type Page } from '@atlas/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { CreateApiKeyDto, ListApiKeysQuery } from './accounts.dto';
import { type ApiKeyView, type CreatedApiKey, ApiKeys } from './api-keys';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Requires('api_keys:read')
  @Get()
  list(@Query() query: ListApiKeysQuery): Promise<Page<ApiKeyView>> {
    return this.keys.list(query);
  }

  @Requires('api_keys:write')
  @Repeatable()
  @Post()
  create(@CurrentOperator() caller: OperatorCaller, @Body() dto: CreateApiKeyDto): Promise<CreatedApiKey> {
    return this.keys.create(caller, dto);
  }

  @Requires('api_keys:write')
  @Delete(':id')
  @HttpCode(204)
  revoke(@CurrentOperator() caller: OperatorCaller, @Param('id') id: string): Promise<void> {
    return this.keys.revoke(caller, id);
  }
}
