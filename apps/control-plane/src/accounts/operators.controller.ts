import { Repeatable } from '@atlas/persistence';
import { Refuses, ApiBearerAuth, ApiTags, type Page, PageQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { ChangeOperatorDto, CreateOperatorDto } from './accounts.dto';
import { OperatorPasswords, type ResetLink } from './operator-passwords';
import { type ManagedOperatorView, type OperatorView } from './operator.view';
import { Operators } from './operators';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('operators')
export class OperatorsController {
  constructor(
    private readonly operators: Operators,
    private readonly passwords: OperatorPasswords,
  ) {}

  @Requires('operators:read')
  @Get()
  list(@Query() query: PageQuery): Promise<Page<ManagedOperatorView>> {
    return this.operators.list(query);
  }

  @Requires('operators:write')
  @Repeatable()
  @Post()
  create(@CurrentOperator() caller: OperatorCaller, @Body() dto: CreateOperatorDto): Promise<OperatorView> {
    return this.operators.create(dto, caller);
  }

  @Requires('operators:read')
  @Get(':id')
  find(@Param('id', UuidPipe) id: string): Promise<ManagedOperatorView> {
    return this.operators.find(id);
  }

  @Requires('operators:write')
  @Patch(':id')
  @Refuses('conflict')
  change(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() dto: ChangeOperatorDto,
  ): Promise<ManagedOperatorView> {
    return this.operators.change(caller, id, dto);
  }

  @Requires('operators:write')
  @Repeatable()
  @Post(':id/reset-link')
  issueLink(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<ResetLink> {
    return this.passwords.issueLink(caller, id);
  }
}
