import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, Public } from '@atlas/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { AnyOperator, Requires } from './access.guard';
import { CreateApiKeyDto, CreateOperatorDto, LoginDto } from './accounts.dto';
import { Accounts, type OperatorView } from './accounts.service';
import { CurrentOperator, type OperatorCaller } from './caller';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller()
export class AccountsController {
  constructor(private readonly accounts: Accounts) {}

  @Public()
  @Post('auth/login')
  @HttpCode(200)
  login(@Body() dto: LoginDto): Promise<unknown> {
    return this.accounts.login(dto.email, dto.password);
  }

  @AnyOperator()
  @Post('auth/logout')
  @HttpCode(204)
  logout(@CurrentOperator() caller: OperatorCaller): Promise<void> {
    return this.accounts.logout(caller);
  }

  @AnyOperator()
  @Get('auth/me')
  me(@CurrentOperator() caller: OperatorCaller): Promise<OperatorView> {
    return this.accounts.operator(caller.operatorId);
  }

  @Requires('operators:write')
  @Repeatable()
  @Post('operators')
  createOperator(@Body() dto: CreateOperatorDto): Promise<OperatorView> {
    return this.accounts.createOperator(dto);
  }

  @Requires('api_keys:write')
  @Repeatable()
  @Post('api-keys')
  createApiKey(@CurrentOperator() caller: OperatorCaller, @Body() dto: CreateApiKeyDto): Promise<unknown> {
    return this.accounts.createApiKey(caller, dto);
  }

  @Requires('api_keys:write')
  @Delete('api-keys/:id')
  @HttpCode(204)
  revokeApiKey(@Param('id') id: string): Promise<void> {
    return this.accounts.revokeApiKey(id);
  }
}
