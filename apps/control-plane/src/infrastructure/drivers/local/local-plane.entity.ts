import { TimestampColumn, type DatabaseDriver } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant plane that the local driver runs on this machine: its wanted state and its running process. */
@Entity('local_planes')
export class LocalPlane {
  @PrimaryColumn('uuid', { name: 'tenant_plane_id' }) tenantPlaneId: string;
  /** The name of the plane's folder, database and role. */
  @Column('varchar') name: string;
  @Column('varchar') database: DatabaseDriver;
  @Column('integer') port: number;
  /** The plane's environment, sealed because it contains secrets. */
  @Column('text', { name: 'env_sealed' }) envSealed: string;
  /** The version of the plane's build; null for the build that new planes run. */
  @Column('varchar', { nullable: true }) version: string | null;
  /** Counts changes to the environment or version. A process of an older generation is replaced. */
  @Column('integer') generation: number;
  /** False if the plane is to stop. Once it has stopped, its row is deleted. */
  @Column('boolean', { name: 'is_wanted' }) isWanted: boolean;
  @Column('integer', { nullable: true }) pid: number | null;
  /** Distinguishes the process from a later one with the same pid. */
  @Column('varchar', { name: 'pid_started_at', nullable: true }) pidStartedAt: string | null;
  @Column('integer', { name: 'running_generation', nullable: true }) runningGeneration: number | null;
  /** How many times the process has crashed since it last ran steadily. */
  @Column('integer') failures: number;
  @TimestampColumn({ name: 'start_at', nullable: true }) startAt: Date | null;
}
