import { type Scope } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('api_keys')
export class ApiKey {
  @PrimaryColumn('varchar') id: string;
  @Column('varchar') name: string;
  @Column('uuid', { name: 'operator_id' }) operatorId: string;
  /** The key that made it, which it ends with; null when its operator did in person. */
  @Column('varchar', { name: 'parent_id', nullable: true }) parentId: string | null;
  @JsonColumn() scopes: Scope[];
  @Column('varchar', { name: 'secret_hash' }) secretHash: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  /** To the minute; null until it is used. */
  @TimestampColumn({ name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
  @TimestampColumn({ name: 'expires_at' }) expiresAt: Date;
  @TimestampColumn({ name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
