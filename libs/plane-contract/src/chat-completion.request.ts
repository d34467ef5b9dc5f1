import { ApiProperty } from '@atlas/platform/api-decorators';
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
 * A query parameter of an AI call, covered by the signature: the tenant's admin has allowed AI through the
 * Control Plane. `on_prem` is refused without it.
 */
export const ALLOWED_BY_ADMIN_PARAMETER = 'allowed_by_admin';

const CHAT_ROLES = ['system', 'developer', 'user', 'assistant'] as const;

export class ChatMessage {
  @ApiProperty({ enum: CHAT_ROLES })
  @IsIn(CHAT_ROLES)
  role: (typeof CHAT_ROLES)[number];

  @ApiProperty()
  @IsString()
  @Length(1, 200_000)
  content: string;
}

/** The accepted subset of OpenAI's `POST /chat/completions`: text in, text out. */
export class ChatCompletionRequest {
  @ApiProperty({ type: [ChatMessage] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ChatMessage)
  messages: ChatMessage[];

  @ApiProperty({ required: false, description: "Defaults to the Control Plane's choice" })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  model?: string;

  @ApiProperty({ required: false, description: 'Stream the answer as server-sent events' })
  @IsOptional()
  @IsBoolean()
  stream?: boolean;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  top_p?: number;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  max_tokens?: number;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100_000)
  max_completion_tokens?: number;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsInt()
  seed?: number;
}
