import { IssueTokenDto, type InstallBundle } from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { ApiTags, ApiBearerAuth, UuidPipe } from '@atlas/platform';
import { Controller, Param, Body } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { PlaneTokens } from './plane-tokens';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Controller()
export class PlaneTokensController {
  constructor(
    private readonly tokens: PlaneTokens,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tokens:issue')
  @Repeatable()
  @Serves('POST /api/tenant-planes/:id/provisioning-tokens')
  async issueToken(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: IssueTokenDto,
  ): Promise<{ install: InstallBundle }> {
    return { install: await this.writes.by(caller, () => this.tokens.issue(id, body.token_ttl_seconds)) };
  }
}
