import { BigintColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The tokens of one tenant in one month. */
@Entity('ai_usage')
export class AiUsage {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** Such as 2026-12, in UTC. */
  @PrimaryColumn('varchar') month: string;
  @BigintColumn({ name: 'prompt_tokens' }) promptTokens: number;
  @BigintColumn({ name: 'completion_tokens' }) completionTokens: number;
  /** Reserved by calls that never said what they used. */
  @BigintColumn({ name: 'lost_tokens' }) lostTokens: number;
  /** The sum of this month's reservations. */
  @BigintColumn({ name: 'reserved_tokens' }) reservedTokens: number;
  @Column('integer') questions: number;
  @Column('integer', { name: 'estimated_questions' }) estimatedQuestions: number;
}

export function usedTokensOf(
  usage: Pick<AiUsage, 'promptTokens' | 'completionTokens' | 'lostTokens'>,
): number {
  return usage.promptTokens + usage.completionTokens + usage.lostTokens;
}

/** The most tokens that a call in progress may use. */
@Entity('ai_reservations')
export class AiReservation {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('varchar') month: string;
  @BigintColumn() tokens: number;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
}
