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
  /** What the AI says, for people. */
  readonly analysis: string;
  /** The possible causes, the most likely one first. */
  readonly hypotheses: readonly HypothesisView[];
  readonly model: string;
  readonly source: 'control_plane';
}

export interface HypothesisView {
  readonly title: string;
  /** From 0 to 1, as the AI sees it. */
  readonly confidence: number;
  readonly reasoning: string;
  /** What supports it. Each names something that belongs to the incident. */
  readonly citations: readonly CitationView[];
}

export interface CitationView {
  readonly kind: 'timeline' | 'alert' | 'ci';
  readonly id: string;
}

export interface AiSettingsView {
  readonly allow_control_plane: boolean;
}

export class ChangeAiSettingsDto {
  /** Whether questions to an AI may go through the Control Plane. */
  @IsBoolean()
  allow_control_plane: boolean;
}
