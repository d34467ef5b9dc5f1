import { type AiProviderKind } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type Plan } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('ai_providers')
export class AiProvider {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar') kind: AiProviderKind;
  @Column('varchar', { name: 'base_url' }) baseUrl: string;
  @JsonColumn() models: Readonly<Record<Plan, readonly string[]>>;
  /** Lower numbers are tried first. */
  @Column('integer') priority: number;
  @Column('boolean') enabled: boolean;
  /** How many tokens a model may use for thinking, in addition to the limit of a question. */
  @Column('integer', { name: 'reasoning_tokens' }) reasoningTokens: number;
  @Column('text', { name: 'key_sealed', nullable: true }) keySealed: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'updated_at' }) updatedAt: Date;
}
