import { Repeatable } from '@atlas/persistence';
import { ApiTags, ApiBearerAuth, UuidPipe } from '@atlas/platform';
import { Controller, Post, Param, Body } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { OperatorWrites } from '../accounts/operator-writes';
import { type InstallBundle } from '../enrolment/provisioning-tokens';
import { IssueTokenDto } from './issue-token.dto';
import { PlaneTokens } from './plane-tokens';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Controller('tenant-planes/:id/provisioning-tokens')
export class PlaneTokensController {
  constructor(
    private readonly tokens: PlaneTokens,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tokens:issue')
  @Repeatable()
  @Post()
  async issueToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: IssueTokenDto,
  ): Promise<{ install: InstallBundle }> {
    return { install: await this.writes.by(caller, () => this.tokens.issue(id, body.token_ttl_seconds)) };
  }
}
