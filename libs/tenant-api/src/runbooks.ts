import { NumberInText, Optional, type Page, PageQuery } from '@atlas/platform';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

export interface RunbooksApi {
  /** Create a runbook */
  'POST /api/runbooks': { body: RunbookDto; 201: RunbookView };
  /** List runbooks */
  'GET /api/runbooks': { query: ListRunbooksQuery; 200: Page<RunbookSummaryView> };
  /** Show a runbook */
  'GET /api/runbooks/:id': { query: RunbookVersionQuery; 200: RunbookView };
  /** Store a new version of a runbook */
  'PUT /api/runbooks/:id': { body: RunbookDto; 200: RunbookView };
  /** Archive a runbook, so that it can no longer be run or changed */
  'DELETE /api/runbooks/:id': { 204: undefined };
}

export const STEP_KINDS = ['manual', 'http', 'shell'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** From least to most dangerous. */
export const RISKS = ['low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof RISKS)[number];

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

export interface RunbookSummaryView {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** The current version. The first version is 1. */
  readonly version: number;
  readonly created_at: Date;
  /** When the current version was stored. */
  readonly updated_at: Date;
  readonly archived_at: Date | null;
}

export interface RunbookView extends RunbookSummaryView {
  readonly parameters: readonly ParameterView[];
  readonly steps: readonly RunbookStepView[];
}

export interface ParameterView {
  readonly name: string;
  readonly required: boolean;
  readonly enum: readonly string[] | null;
  readonly pattern: string | null;
  readonly secret: boolean;
}

export interface RunbookStepView {
  readonly name: string;
  readonly kind: StepKind;
  readonly risk: Risk;
  /** The labels that an agent must have to run the step. */
  readonly agent_selector: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly timeout_seconds: number;
  readonly on_failure: OnFailure;
}

export const ON_FAILURE = ['stop', 'continue'] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

export const MAX_STEPS = 100;
export const MAX_PARAMETERS = 50;
/** How many characters the value of a parameter may have. */
export const LONGEST_VALUE = 4000;

export class ParameterDto {
  /** @example host */
  @IsString()
  @Matches(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, {
    message: 'name must start with a letter and contain at most 60 letters, digits and underscores',
  })
  name: string;

  @Optional()
  @IsBoolean()
  required?: boolean;

  /** The only values that are allowed. */
  @Optional()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(1000, { each: true })
  enum?: string[];

  /**
   * A regular expression in RE2 syntax that the whole value must match. It has up to 200 characters, and
   * matches no value of more than 1,000.
   */
  @Optional()
  @IsString()
  @Length(1, 200)
  pattern?: string;

  /** Each run keeps the value encrypted, until it ends. The value is never shown. */
  @Optional()
  @IsBoolean()
  secret?: boolean;
}

export class RunbookStepDto {
  /** Unique in the runbook. */
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  @IsIn(STEP_KINDS)
  kind: StepKind;

  @IsIn(RISKS)
  risk: Risk;

  /** The labels that an agent must have to run the step. Only for `shell` steps. */
  @Optional()
  @IsObject()
  agent_selector?: Record<string, string>;

  /**
   * `http`: `{method, url, headers?, body?, expect_status?}`. `shell`: `{command, args?, shell?}`. `manual`:
   * `{instructions?}`. `{{name}}` inserts a parameter into an argument, the path or query of a URL, the
   * value of a header, or a string in a JSON body. Headers with credentials, such as `Authorization`, are
   * stored encrypted and shown as null. Given null, the stored value is kept.
   */
  @IsObject()
  config: Record<string, unknown>;

  /** By default, 300. At most 600 for `http` steps. */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  timeout_seconds?: number;

  /** What happens to the run if the step fails. */
  @Optional()
  @IsIn(ON_FAILURE)
  on_failure?: OnFailure;
}

/** The config of a `manual` step. */
export class ManualConfigDto {
  @Optional()
  @IsString()
  @Length(1, 10_000)
  instructions?: string;
}

/** The config of a `shell` step. */
export class ShellConfigDto {
  /** The program or, with `shell`, the text that a shell runs. Contains no parameters. */
  @IsString()
  @Length(1, 4000)
  @Matches(/\S/, { message: 'command must not be blank' })
  command: string;

  /** With `shell`, the text refers to them as `"$1"`, `"$2"`, and so on. */
  @Optional()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MaxLength(4000, { each: true })
  args?: string[];

  @Optional()
  @IsBoolean()
  shell?: boolean;
}

/** The config of an `http` step. */
export class HttpConfigDto {
  @IsIn(HTTP_METHODS)
  method: HttpMethod;

  @IsString()
  @Length(1, 2000)
  url: string;

  /**
   * The values of headers whose names sound like a credential are stored encrypted, and shown as null. Given
   * null, the stored value is kept.
   */
  @Optional()
  @IsObject()
  headers?: Record<string, string | null>;

  /** JSON. Text is sent as it is. */
  @Optional()
  body?: unknown;

  /** By default, any status from 200 to 299 is a success. */
  @Optional()
  @IsInt()
  @Min(100)
  @Max(599)
  expect_status?: number;
}

export class RunbookDto {
  /** @example Restart the web server */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  @Optional()
  @IsString()
  @MaxLength(20_000)
  description?: string;

  @Optional()
  @IsArray()
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ParameterDto)
  parameters?: ParameterDto[];

  /** At most 100. */
  @IsArray()
  @ArrayMinSize(1)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => RunbookStepDto)
  steps: RunbookStepDto[];
}

export class ListRunbooksQuery extends PageQuery {
  /** `true` lists only archived runbooks, which are not listed otherwise. */
  @Optional()
  @IsIn(['true', 'false'])
  archived?: 'true' | 'false';
}

export class RunbookVersionQuery {
  /** Which version to show. By default, the current one. */
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  version?: number;
}
