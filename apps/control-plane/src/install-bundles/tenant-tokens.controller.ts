import { Repeatable } from '@atlas/persistence';
import { ApiTags, ApiBearerAuth, UuidPipe, Refuses, type Page } from '@atlas/platform';
import { Controller, Post, Param, Body, Get, Delete, HttpCode } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { type InstallBundle } from '../enrolment/provisioning-tokens';
import { IssueTokenDto } from './issue-token.dto';
import { TenantTokens, type TokenView } from './tenant-tokens';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('tenants/:id/provisioning-tokens')
export class TenantTokensController {
  constructor(
    private readonly tokens: TenantTokens,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tokens:issue')
  @Repeatable()
  @Post()
  async issueToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() { token_ttl_seconds: ttlSeconds }: IssueTokenDto,
  ): Promise<{ install: InstallBundle }> {
    return { install: await this.writes.by(caller, () => this.tokens.issue(id, ttlSeconds)) };
  }

  @Requires('tokens:read')
  @Get()
  @Refuses('conflict')
  listTokens(@Param('id', UuidPipe) id: string): Promise<Page<TokenView>> {
    return this.tokens.list(id);
  }

  @Requires('tokens:issue')
  @Delete(':token_id')
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
