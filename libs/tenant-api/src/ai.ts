import { IsBoolean } from 'class-validator';

export interface AiApi {
  /** Analyse an incident. With `Accept: text/event-stream`, streams `delta` events, then `done` or `error` */
  'POST /api/ai/incidents/:id/analysis': { 200: AnalysisView };
  /** Show the AI settings */
  'GET /api/ai/settings': { 200: AiSettingsView };
  /** Allow or forbid AI through the Control Plane */
  'PUT /api/ai/settings': { body: ChangeAiSettingsDto; 200: AiSettingsView };
}

export interface AnalysisView {
  readonly analysis: string;
  readonly model: string;
  readonly source: 'control_plane';
}

export interface AiSettingsView {
  readonly allow_control_plane: boolean;
}

export class ChangeAiSettingsDto {
  /** Whether questions to an AI may go through the Control Plane. */
  @IsBoolean()
  allow_control_plane: boolean;
}
