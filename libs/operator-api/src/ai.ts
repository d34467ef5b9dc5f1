import { LowerCase, Optional } from '@atlas/platform';
import { type Plan } from '@atlas/tenancy';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

/** The protocols that AI providers speak. */
export const AI_PROVIDER_KINDS = ['openai_compatible', 'anthropic'] as const;
export type AiProviderKind = (typeof AI_PROVIDER_KINDS)[number];

/** The AI providers that answer tenants' questions, and what tenants have used. */
export interface AiApi {
  /** List the AI providers in the order in which they are tried */
  'GET /api/ai/providers': { 200: { items: AiProviderView[] } };
  /** Add an AI provider */
  'POST /api/ai/providers': { body: CreateAiProviderDto; 201: AiProviderView };
  /** Show an AI provider */
  'GET /api/ai/providers/:id': { 200: AiProviderView };
  /** Change an AI provider, or replace its key */
  'PATCH /api/ai/providers/:id': { body: ChangeAiProviderDto; 200: AiProviderView };
  /** Remove an AI provider and its key */
  'DELETE /api/ai/providers/:id': { 204: undefined };
  /** Show the AI tokens and credits that a tenant has used in a month */
  'GET /api/ai/usage': { query: AiUsageQuery; 200: AiUsageView };
}

export interface AiProviderView {
  readonly id: string;
  readonly name: string;
  readonly kind: AiProviderKind;
  readonly base_url: string;
  /** The models that the tenants of each plan may use. The first is used for questions that name none. */
  readonly models: Readonly<Record<Plan, readonly string[]>>;
  readonly order: number;
  readonly enabled: boolean;
  readonly reasoning_tokens: number;
  /** Whether a key is stored. The key itself is never shown. */
  readonly has_key: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** One credit pays for 1,000 tokens. A month begins at midnight UTC on the first. */
export interface AiUsageView {
  readonly tenant_id: string;
  readonly month: string;
  readonly credits_limit: number;
  readonly credits_used: number;
  /** Reserved for questions that are being answered. */
  readonly credits_reserved: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  /** Reserved by questions whose process died. They count as used. */
  readonly lost_tokens: number;
  readonly questions: number;
  /** How many questions were counted by their length, because the provider did not report its usage. */
  readonly estimated_questions: number;
}

const MOST_MODELS = 20;
const MODEL_LENGTH = 200;
const MOST_REASONING_TOKENS = 100_000;
const KEY_RULE = { message: 'key must consist of visible ASCII characters, without spaces' };
const URL_RULE = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };
const isModels = [
  IsArray(),
  ArrayMaxSize(MOST_MODELS),
  ArrayUnique(),
  IsString({ each: true }),
  Length(1, MODEL_LENGTH, { each: true }),
];
const Models = (): PropertyDecorator => (target, property) => {
  for (const rule of isModels) rule(target, property);
};

export class AiModels implements Record<Plan, string[]> {
  @Models()
  core: string[] = [];

  @Models()
  operations: string[] = [];

  @Models()
  enterprise: string[] = [];
}

export class CreateAiProviderDto {
  /** @example Anthropic */
  @IsString()
  @Length(1, 100)
  name: string;

  @IsIn(AI_PROVIDER_KINDS)
  kind: AiProviderKind;

  /**
   * `openai_compatible`: the gateway calls `<this>/chat/completions`. `anthropic`: it calls
   * `<this>/v1/messages`. Must be https unless it has a private address.
   *
   * @example https://api.anthropic.com
   */
  @IsUrl(URL_RULE)
  @MaxLength(500)
  base_url: string;

  @IsObject()
  @ValidateNested()
  @Type(() => AiModels)
  models: AiModels;

  /** Providers with a lower number are tried first. */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(1000)
  order: number = 100;

  @Optional()
  @IsBoolean()
  enabled: boolean = true;

  /**
   * How many tokens the provider's models may use for thinking, in addition to a question's limit. They are
   * reserved for each question. 0 if the limit covers thinking too, as it does at OpenAI and Anthropic.
   */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(MOST_REASONING_TOKENS)
  reasoning_tokens: number = 0;

  /** The provider's API key. Stored encrypted, and never shown. */
  @Optional()
  @Length(1, 500)
  @Matches(/^[\x21-\x7e]+$/, KEY_RULE)
  key?: string;
}

export class ChangeAiProviderDto {
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  /** To change the host, also send the key again, or null. A stored key is never sent to another host. */
  @Optional()
  @IsUrl(URL_RULE)
  @MaxLength(500)
  base_url?: string;

  /** Replaces the lists of all plans. */
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => AiModels)
  models?: AiModels;

  @Optional()
  @IsInt()
  @Min(0)
  @Max(1000)
  order?: number;

  @Optional()
  @IsBoolean()
  enabled?: boolean;

  @Optional()
  @IsInt()
  @Min(0)
  @Max(MOST_REASONING_TOKENS)
  reasoning_tokens?: number;

  /** Replaces the stored key. null removes it. */
  @IsOptional()
  @Length(1, 500)
  @Matches(/^[\x21-\x7e]+$/, KEY_RULE)
  key?: string | null;
}

export class AiUsageQuery {
  @LowerCase()
  @IsUUID()
  tenant_id: string;

  /**
   * The current month if left out.
   *
   * @example 2026-12
   */
  @Optional()
  @Matches(/^\d{4}-(0[1-9]|1[0-2])$/, { message: 'month must be like 2026-12' })
  month?: string;
}
