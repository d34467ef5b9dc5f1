import {
  type Sends,
  AnswersWithin,
  ApiBearerAuth,
  ApiProduces,
  ApiTags,
  UuidPipe,
  callerGone,
  sendEventStream,
} from '@atlas/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { CurrentTenant, CurrentUser, type SignedInUser } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { Requires } from '../tenancy/tenant.guard';
import { AiSettings, type AiSettingsView } from './ai-settings.service';
import { ChangeAiSettingsDto } from './ai.dto';
import { type AnalysisView, IncidentAnalyses, eventOf } from './incident-analyses.service';

@ApiTags('ai')
@ApiBearerAuth()
@Controller('ai')
export class AiController {
  constructor(
    private readonly analyses: IncidentAnalyses,
    private readonly settings: AiSettings,
  ) {}

  /** JSON, or with `Accept: text/event-stream` piece by piece: events `delta`, then `done` or `error`. */
  @Requires('ai:use')
  @Post('incidents/:id/analysis')
  @HttpCode(200)
  @AnswersWithin(150)
  @ApiProduces('application/json', 'text/event-stream')
  async analyse(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() { id: by }: SignedInUser,
    @Param('id', UuidPipe) incidentId: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: AnalysisView }>> {
    const [asked, gone] = [{ by, incidentId }, callerGone(reply)];
    if (accept?.includes('text/event-stream')) {
      const events = await this.analyses.stream(tenant.id, asked, gone);
      await sendEventStream(reply, events, gone, (failure) => eventOf('error', failure));
    } else await reply.send(await this.analyses.analyse(tenant.id, asked, gone));
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
