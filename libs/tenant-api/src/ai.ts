import { Optional } from '@atlas/platform';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { type RunbookDto } from './runbooks';

export interface AiApi {
  /** Analyse an incident. With `Accept: text/event-stream`, streams `delta` events, then `done` or `error` */
  'POST /api/ai/incidents/:id/analysis': { 200: AnalysisView };
  /** Draft a runbook for an incident, without storing it. Streams like an analysis */
  'POST /api/ai/incidents/:id/runbook-draft': { 200: RunbookDto };
  /** Show the AI settings */
  'GET /api/ai/settings': { 200: AiSettingsView };
  /** Allow or forbid AI, as a whole and for each feature, and set an AI of your own */
  'PUT /api/ai/settings': { body: ChangeAiSettingsDto; 200: AiSettingsView };
}

/** Who answered: an AI behind the Control Plane's gateway, or the tenant's own. */
export type AiSource = 'control_plane' | 'own_endpoint';

export interface AnalysisView {
  /** What the AI says, for people. */
  readonly analysis: string;
  /** The possible causes, the most likely one first. */
  readonly hypotheses: readonly HypothesisView[];
  readonly model: string;
  readonly source: AiSource;
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

/** What an AI may be asked for. */
export const AI_FEATURES = ['analysis', 'runbook_draft'] as const;
export type AiFeature = (typeof AI_FEATURES)[number];

export const AI_FEATURE_STATES = ['allow', 'deny'] as const;
export type AiFeatureState = (typeof AI_FEATURE_STATES)[number];

/**
 * `fallback`: asked if the Control Plane's gateway cannot answer. `only`: asked always, so that no question
 * goes to the Control Plane.
 */
export const ENDPOINT_USES = ['fallback', 'only'] as const;
export type EndpointUse = (typeof ENDPOINT_USES)[number];

export interface AiSettingsView {
  /** Whether AI may be asked at all. Despite its name, it also counts for the tenant's own endpoint. */
  readonly allow_control_plane: boolean;
  /** Whether AI may be asked for each feature. */
  readonly features: Readonly<Record<AiFeature, AiFeatureState>>;
  /** The tenant's own AI, or null. */
  readonly own_endpoint: OwnEndpointView | null;
}

export interface OwnEndpointView {
  readonly base_url: string;
  readonly model: string;
  readonly use: EndpointUse;
  readonly timeout_seconds: number;
  /** Whether a key is stored. The key itself is never shown. */
  readonly has_api_key: boolean;
  readonly changed_at: Date;
}

export class AiFeaturesDto {
  /** Analyses of incidents. */
  @Optional()
  @IsIn(AI_FEATURE_STATES)
  analysis?: AiFeatureState;

  /** Drafts of runbooks. */
  @Optional()
  @IsIn(AI_FEATURE_STATES)
  runbook_draft?: AiFeatureState;
}

export class OwnEndpointDto {
  /**
   * `<this>/chat/completions` must speak OpenAI's protocol. Must be https, unless the plane is in your own
   * network.
   *
   * @example https://llm.example.com/v1
   */
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true })
  @MaxLength(500)
  base_url: string;

  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'model must not be blank' })
  model: string;

  /**
   * Stored encrypted and never shown. If it is left out, the stored key is kept, unless the host changes:
   * then send it again. null removes it.
   */
  @IsOptional()
  @IsString()
  @Matches(/^[\x21-\x7e]{1,4000}$/, { message: 'api_key must be printable ASCII without spaces' })
  api_key?: string | null;

  /** By default, `fallback`. */
  @Optional()
  @IsIn(ENDPOINT_USES)
  use?: EndpointUse;

  /** How long a whole answer may take. By default, 60. */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(100)
  timeout_seconds?: number;
}

/** What is left out stays as it is. */
export class ChangeAiSettingsDto {
  /** Whether AI may be asked at all. Despite its name, it also counts for the tenant's own endpoint. */
  @Optional()
  @IsBoolean()
  allow_control_plane?: boolean;

  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => AiFeaturesDto)
  features?: AiFeaturesDto;

  /** null removes it. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OwnEndpointDto)
  own_endpoint?: OwnEndpointDto | null;
}
