import { TimestampColumn, type DatabaseDriver } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant plane that the local driver runs on this machine: how it shall run, and what is running. */
@Entity('local_planes')
export class LocalPlane {
  @PrimaryColumn('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** Of its folder, database and role. */
  @Column('varchar') name: string;
  @Column('varchar') database: DatabaseDriver;
  @Column('integer') port: number;
  /** Its environment, sealed: it holds its secrets. */
  @Column('text', { name: 'env_sealed' }) envSealed: string;
  /** Of the build that it runs; null: of the one that new planes run. */
  @Column('varchar', { nullable: true }) version: string | null;
  /** Counts changes of the environment or the version: a process of an older one is replaced. */
  @Column('integer') generation: number;
  /** False: it shall end, and its row goes once it has. */
  @Column('boolean', { name: 'is_wanted' }) isWanted: boolean;
  @Column('integer', { nullable: true }) pid: number | null;
  /** Tells the process from a later one with the same pid. */
  @Column('varchar', { name: 'pid_started_at', nullable: true }) pidStartedAt: string | null;
  @Column('integer', { name: 'running_generation', nullable: true }) runningGeneration: number | null;
  /** How often it ended by itself since it last ran well. */
  @Column('integer') failures: number;
  @TimestampColumn({ name: 'start_at', nullable: true }) startAt: Date | null;
}
