import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/**
 * The query parameter in which an AI call states whether the tenant's admin has allowed AI through the
 * Control Plane. The call's signature covers the parameter. Calls from `on_prem` planes are refused without
 * it.
 */
export const ALLOWED_BY_ADMIN_PARAMETER = 'allowed_by_admin';

const CHAT_ROLES = ['system', 'developer', 'user', 'assistant'] as const;

export class ChatMessage {
  @IsIn(CHAT_ROLES)
  role: (typeof CHAT_ROLES)[number];

  @IsString()
  @Length(1, 200_000)
  content: string;
}

/** The accepted subset of OpenAI's `POST /chat/completions`: text in, text out. */
export class ChatCompletionRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ChatMessage)
  messages: ChatMessage[];

  /** Defaults to the model that the Control Plane chooses. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  model?: string;

  /** Stream the response as server-sent events. */
  @IsOptional()
  @IsBoolean()
  stream?: boolean;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  top_p?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  max_tokens?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  max_completion_tokens?: number;

  @IsOptional()
  @IsInt()
  seed?: number;
}
