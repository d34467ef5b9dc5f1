import { NumberInText, Optional, type Page, PageQuery } from '@atlas/platform';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

import { RotateKeyDto } from './data-sources';

/** Agents, which run the shell steps of runbooks in the customer's network. */
export interface AgentsApi {
  /** Create an agent and its key */
  'POST /api/agents': { body: CreateAgentDto; 201: AgentWithKeyView };
  /** List agents */
  'GET /api/agents': { query: PageQuery; 200: Page<AgentView> };
  /** Show an agent */
  'GET /api/agents/:id': { 200: AgentView };
  /** Replace an agent's key */
  'POST /api/agents/:id/rotate-key': { body: RotateKeyDto; 200: AgentWithKeyView };
  /** Delete an agent; its key stops working at once */
  'DELETE /api/agents/:id': { 204: undefined };
  /** Report that an agent is running, which also extends its leases */
  'POST /api/agent/heartbeat': { body: HeartbeatDto; 200: HeartbeatView };
  /** Lease the next step that the agent may run */
  'POST /api/agent/claim': { query: ClaimQuery; 200: ClaimView; 204: undefined };
  /** Report output and the end of a leased step, which also extends the lease */
  'POST /api/agent/results': { body: ResultDto; 200: ResultView };
}

export interface AgentView {
  readonly id: string;
  readonly name: string;
  /** `online` if the agent was in contact within the last 90 seconds. */
  readonly state: 'online' | 'offline';
  /** The labels that an admin gave the agent or, if there are none, those that it reports. */
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string | null;
  readonly hostname: string | null;
  readonly last_contact_at: Date | null;
  readonly created_at: Date;
  /** Until when the key before the last rotation is accepted. */
  readonly previous_key_until: Date | null;
}

export interface AgentWithKeyView {
  readonly agent: AgentView;
  /** Shown once. Null if the request is repeated with its `Idempotency-Key`. */
  readonly key: string | null;
}

export interface HeartbeatView {
  readonly agent_id: string;
  /** Where to call if this address fails, because the tenant is about to move. */
  readonly next_url: string | null;
}

export interface ClaimView {
  readonly job_id: string;
  /** The name of the step. */
  readonly step: string;
  readonly lease_id: string;
  /** The lease is extended by heartbeats and results. */
  readonly lease_expires_at: Date;
  readonly config: Readonly<Record<string, unknown>>;
  readonly timeout_seconds: number;
}

export interface ResultView {
  readonly lease_id: string;
  /** Null once the step has ended. */
  readonly lease_expires_at: Date | null;
  /** The offset of the next chunk. */
  readonly output_bytes: number;
}

export class CreateAgentDto {
  /** @example web-1 */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  /** If given, the labels that the agent reports do not count. */
  @Optional()
  @IsObject()
  labels?: Record<string, string>;
}

export class HeartbeatDto {
  @IsString()
  @Length(1, 60)
  version: string;

  @IsString()
  @Length(1, 255)
  hostname: string;

  @Optional()
  @IsObject()
  labels?: Record<string, string>;

  /** The leases that the agent still holds. By default, all its leases are extended. */
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsUUID(undefined, { each: true })
  leases?: string[];
}

export class ClaimQuery {
  /** How many seconds to wait for a step, if there is none. */
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(0)
  @Max(30)
  wait?: number;
}

/** Why a step ended without an exit code. */
export const STEP_FAILURES = ['outcome_unknown', 'timed_out', 'command_not_allowed', 'not_started'] as const;
export type StepFailureCode = (typeof STEP_FAILURES)[number];

export class ResultDto {
  @IsUUID()
  lease_id: string;

  /** The next part of the output. */
  @Optional()
  @IsString()
  @MaxLength(262_144)
  output?: string;

  /** How many bytes of output came before it, in UTF-8. A chunk that was received before changes nothing. */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  offset?: number;

  /** How many bytes before the chunk the agent has dropped. */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  skipped?: number;

  @Optional()
  @IsInt()
  @Min(-2_147_483_648)
  @Max(2_147_483_647)
  exit_code?: number;

  @Optional()
  @IsBoolean()
  finished?: boolean;

  /** Why the step has failed, whatever its exit code. */
  @Optional()
  @IsIn(STEP_FAILURES)
  error?: StepFailureCode;
}
