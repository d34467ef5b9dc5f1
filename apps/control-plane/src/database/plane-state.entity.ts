import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A table with a single row. The epoch changes when the database is
 * restored from a backup, so that planes request their full state.
 */
@Entity('control_plane_state')
export class ControlPlaneState {
  @PrimaryColumn('integer') id: number;
  @Column('varchar') epoch: string;
}
