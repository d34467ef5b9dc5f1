import { type EgressClassName } from '@atlas/deployment-profiles';
import { BigintColumn, JsonColumn, TimestampColumn, type TenantOwned } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Calls of the same hour that differ in nothing but time and size. */
abstract class SimilarCalls {
  /** Starts with the hour, so that rows sort by time. The same calls have the same ID in every process. */
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') class: EgressClassName;
  @Column('varchar') destination: string;
  @JsonColumn() fields: readonly string[];
  @Column('boolean') refused: boolean;
  @Column('integer') count: number;
  @BigintColumn() bytes: number;
  @TimestampColumn({ name: 'first_at' }) firstAt: Date;
  @TimestampColumn({ name: 'last_at' }) lastAt: Date;
}

/** Calls that concern the plane itself, with all its tenants. */
@Entity('plane_egress_calls')
export class PlaneEgressCall extends SimilarCalls {}

/** Calls that concern one tenant. They stay on the plane that made them when the tenant moves. */
@Entity('egress_calls')
export class EgressCall extends SimilarCalls implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
}
