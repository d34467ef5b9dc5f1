import { UuidPipe } from '@atlas/platform';
import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentTenant, CurrentUser, type SignedInUser } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { Requires } from '../tenancy/tenant.guard';
import { AiSettings, type AiSettingsView } from './ai-settings.service';
import { ChangeAiSettingsDto } from './ai.dto';
import { type AnalysisView, IncidentAnalyses } from './incident-analyses.service';

@ApiTags('ai')
@ApiBearerAuth()
@Controller('ai')
export class AiController {
  constructor(
    private readonly analyses: IncidentAnalyses,
    private readonly settings: AiSettings,
  ) {}

  @Requires('ai:use')
  @Post('incidents/:id/analysis')
  @HttpCode(200)
  analyse(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('id', UuidPipe) id: string,
  ): Promise<AnalysisView> {
    return this.analyses.analyse(tenant.id, user.id, id);
  }

  @Requires('ai:use')
  @Get('settings')
  show(@CurrentTenant() tenant: Tenant): Promise<AiSettingsView> {
    return this.settings.view(tenant.id);
  }

  @Requires('ai:configure')
  @Put('settings')
  change(@CurrentTenant() tenant: Tenant, @Body() dto: ChangeAiSettingsDto): Promise<AiSettingsView> {
    return this.settings.change(tenant.id, dto.allow_control_plane);
  }
}
