import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row. The epoch changes when the database is restored
 * from a backup, so that tenant planes ask for everything.
 */
@Entity('control_plane_state')
export class ControlPlaneState {
  @PrimaryColumn('integer') id: number;
  @Column('varchar') epoch: string;
}
