import { BigintColumn, JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { type StepErrorView, type StepStatus } from '@atlas/tenant-api/automation';
import { type OnFailure, type Risk, type StepKind } from '@atlas/tenant-api/runbooks';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type StepConfig } from '../runbooks/step-config';

export interface Approval {
  readonly state: 'waiting' | 'approved' | 'rejected';
  readonly reason: string;
  readonly by: string | null;
  /** RFC 3339. */
  readonly at: string | null;
  readonly note: string | null;
}

/** One step of a run. It is written only while the row of its run is locked. */
@Entity('automation_steps')
export class RunStep implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'run_id' }) runId: string;
  /** 0, 1, … within the run. */
  @Column('integer') position: number;
  @Column('varchar') name: string;
  @Column('varchar') kind: StepKind;
  @Column('varchar') risk: Risk;
  @Column('varchar') status: StepStatus;
  /** With the parameters filled in, except for secret ones. */
  @JsonColumn() config: StepConfig;
  @JsonColumn({ name: 'agent_selector' }) agentSelector: Record<string, string>;
  @Column('integer', { name: 'timeout_seconds' }) timeoutSeconds: number;
  @Column('varchar', { name: 'on_failure' }) onFailure: OnFailure;
  /** The user who requested the run or, if the step was retried, who did that last. */
  @Column('uuid', { name: 'asked_by' }) askedBy: string;
  @JsonColumn({ nullable: true }) approval: Approval | null;
  /** The agent that runs the step or has run it last. */
  @Column('uuid', { name: 'agent_id', nullable: true }) agentId: string | null;
  /** Kept after the step has finished, so that a repeated result is recognised. */
  @Column('uuid', { name: 'lease_id', nullable: true }) leaseId: string | null;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
  @Column('integer', { name: 'exit_code', nullable: true }) exitCode: number | null;
  @BigintColumn({ name: 'output_bytes' }) outputBytes: number;
  @TimestampColumn({ name: 'started_at', nullable: true }) startedAt: Date | null;
  @TimestampColumn({ name: 'finished_at', nullable: true }) finishedAt: Date | null;
  @JsonColumn({ nullable: true }) error: StepErrorView | null;
}
