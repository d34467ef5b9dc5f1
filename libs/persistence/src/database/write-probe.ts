import { randomBytes } from 'node:crypto';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';

/**
 * At least as much as an ordinary request writes, because a nearly full disk may still have room for a single
 * page.
 */
const PROBE_BYTES = 64 * 1024;

/** A row that is overwritten as a probe, because only a write shows whether the disk has room. */
@Entity('write_probes')
export class WriteProbe {
  @PrimaryColumn('integer') id: number;
  @Column('text') payload: string;
}

export function createWriteProbes(): string[] {
  return [
    'create table write_probes (id integer not null, payload text not null, constraint ' +
      'write_probes_pk primary key (id))',
  ];
}

export async function probeWrite(manager: EntityManager): Promise<void> {
  const payload = randomBytes(PROBE_BYTES / 2).toString('hex');
  await manager.query(
    'insert into write_probes (id, payload) values (1, $1) on conflict (id) do update set payload = ' +
      'excluded.payload',
    [payload],
  );
}
