import {
  type CommitCutter,
  type TestDatabase,
  asAdmin,
  liftFileSizeLimit,
  limitFileSize,
} from '@atlas/testing';
import { type DiskScene } from './disk-scene';
import { type SmallDisk } from './small-disk';

/** What goes wrong with a database while both planes write. */
export interface Fault {
  readonly name: string;
  /** Prefix for the names of everything written during the fault. It must be valid in a slug. */
  readonly series: string;
  /** Whether the fault lasts long enough that the readiness checks must report it. */
  readonly turnsRed: boolean;
  /** Whether writes to every table fail. */
  readonly isOfAllTables: boolean;
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

/** The disk that contains both databases has no free page left. */
export function fullDisk(disk: SmallDisk, whenFreed: () => Promise<void> = async () => undefined): Fault {
  return {
    name: 'full disk',
    series: 'full',
    turnsRed: true,
    isOfAllTables: true,
    begin: () => disk.fill(),
    end: () => {
      disk.free();
      return whenFreed();
    },
  };
}

/** Every write to a file fails with an I/O error. */
export function failingDisk(scene: DiskScene): Fault {
  return {
    name: 'failing disk',
    series: 'failing',
    turnsRed: true,
    isOfAllTables: true,
    begin: () => scene.pids.forEach((pid) => limitFileSize(pid, 0)),
    end: () => scene.pids.forEach(liftFileSizeLimit),
  };
}

/** Connections are lost during COMMIT, before or after the server executes it. */
export function cutCommits(cutter: CommitCutter): Fault {
  const EVERY_MS = 15;
  let timer: NodeJS.Timeout;
  let count = 0;
  return {
    name: 'lost COMMIT',
    series: 'lost',
    turnsRed: false,
    isOfAllTables: false,
    begin: () =>
      void (timer = setInterval(() => cutter.arm((count += 1) % 2 ? 'before' : 'after'), EVERY_MS)),
    end: () => {
      clearInterval(timer);
      cutter.disarm();
    },
  };
}

/** For each plane, the table that the writers' requests write to, and the one that write probes write to. */
const WRITTEN: readonly (readonly string[])[] = [
  ['tenants', 'write_probes'],
  ['incidents', 'write_probes'],
];

/** A deferred trigger makes Postgres refuse COMMIT with the SQLSTATE of a full or failing disk. */
export async function failCommits(
  { databases, adminUrl }: { databases: readonly TestDatabase[]; adminUrl: string },
  name: string,
  sqlState: string,
): Promise<Fault> {
  const inEach = async (sql: (tables: readonly string[]) => string): Promise<void> => {
    for (const [index, { url }] of databases.entries()) {
      const own = new URL(new URL(url).pathname, adminUrl).toString();
      await asAdmin(own, (client) => client.query(sql(WRITTEN[index] ?? [])));
    }
  };
  const id = `fail_${sqlState}`;
  await inEach(
    (tables) => `
      create table ${id} (isOn boolean); grant select on ${id} to public;
      create function ${id}() returns trigger language plpgsql as $$ begin
        if exists (select 1 from ${id}) then raise exception 'the disk fails'
          using errcode = '${sqlState}'; end if;
        return null;
      end $$;
      ${tables.map((table) => deferredTrigger(id, table)).join('\n')}`,
  );
  return {
    name,
    series: `s${sqlState}`,
    turnsRed: true,
    isOfAllTables: false,
    begin: () => inEach(() => `insert into ${id} values (true)`),
    end: () => inEach(() => `delete from ${id}`),
  };
}

function deferredTrigger(id: string, table: string): string {
  return (
    `create constraint trigger ${id} after insert or update on ${table} ` +
    `deferrable initially deferred for each row execute function ${id}();`
  );
}
