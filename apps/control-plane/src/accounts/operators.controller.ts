import {
  CreateOperatorDto,
  ChangeOperatorDto,
  type ManagedOperatorView,
  type OperatorView,
  type ResetLink,
} from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import {
  Refuses,
  ApiBearerAuth,
  ApiTags,
  type Page,
  PageQuery,
  UuidPipe,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byContent,
} from '@atlas/platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorPasswords } from './operator-passwords';
import { Operators } from './operators';

const VERSION = byContent<ManagedOperatorView>('name', 'role', 'disabled_at');

@ApiTags('accounts')
@ApiBearerAuth()
@Controller()
export class OperatorsController {
  constructor(
    private readonly operators: Operators,
    private readonly passwords: OperatorPasswords,
  ) {}

  @Requires('operators:read')
  @Serves('GET /api/operators')
  list(@Query() query: PageQuery): Promise<Page<ManagedOperatorView>> {
    return this.operators.list(query);
  }

  @Requires('operators:write')
  @Repeatable()
  @Serves('POST /api/operators')
  create(@CurrentOperator() caller: OperatorCaller, @Body() dto: CreateOperatorDto): Promise<OperatorView> {
    return this.operators.create(dto, caller);
  }

  @Requires('operators:read')
  @Versioned(VERSION)
  @Serves('GET /api/operators/:id')
  find(@Param('id', UuidPipe) id: string): Promise<ManagedOperatorView> {
    return this.operators.find(id);
  }

  @Requires('operators:write')
  @Versioned(VERSION)
  @Serves('PATCH /api/operators/:id')
  @Refuses('conflict')
  change(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() dto: ChangeOperatorDto,
    @IfMatch() expected: ExpectedVersion<ManagedOperatorView>,
  ): Promise<ManagedOperatorView> {
    return this.operators.change(caller, id, dto, expected);
  }

  @Requires('operators:write')
  @Repeatable()
  @Serves('POST /api/operators/:id/reset-link')
  issueLink(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<ResetLink> {
    return this.passwords.issueLink(caller, id);
  }
}
