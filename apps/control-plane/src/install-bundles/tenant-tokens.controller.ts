import { IssueTokenDto, type InstallBundle, type TokenView } from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { ApiTags, ApiBearerAuth, UuidPipe, Refuses, type Page } from '@atlas/platform';
import { Controller, Param, Body, HttpCode } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { TenantTokens } from './tenant-tokens';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller()
export class TenantTokensController {
  constructor(
    private readonly tokens: TenantTokens,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tokens:issue')
  @Repeatable()
  @Serves('POST /api/tenants/:id/provisioning-tokens')
  async issueToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() { token_ttl_seconds: ttlSeconds }: IssueTokenDto,
  ): Promise<{ install: InstallBundle }> {
    return { install: await this.writes.by(caller, () => this.tokens.issue(id, ttlSeconds)) };
  }

  @Requires('tokens:read')
  @Serves('GET /api/tenants/:id/provisioning-tokens')
  @Refuses('conflict')
  listTokens(@Param('id', UuidPipe) id: string): Promise<Page<TokenView>> {
    return this.tokens.list(id);
  }

  @Requires('tokens:issue')
  @Serves('DELETE /api/tenants/:id/provisioning-tokens/:token_id')
  @Refuses('conflict')
  @HttpCode(204)
  revokeToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Param('token_id') tokenId: string,
  ): Promise<void> {
    return this.writes.by(caller, () => this.tokens.revoke(id, tokenId));
  }
}
