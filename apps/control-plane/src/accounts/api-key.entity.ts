import { type Scope } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('api_keys')
export class ApiKey {
  @PrimaryColumn('varchar') id: string;
  @Column('varchar') name: string;
  @Column('uuid', { name: 'operator_id' }) operatorId: string;
  /**
   * The API key that created this key; null if a session
   * created it. When that API key is revoked, so is this key.
   */
  @Column('varchar', { name: 'parent_id', nullable: true }) parentId: string | null;
  @JsonColumn() scopes: Scope[];
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** Accurate to the minute; null if never used. */
  @TimestampColumn({ name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
