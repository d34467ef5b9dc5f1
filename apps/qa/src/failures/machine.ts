import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { asAdmin, testServerUrl } from '@atlas/testing';

interface FoundProcess {
  readonly pid: number;
  /** The name of the folder in which the process runs. */
  readonly name: string;
}

/**
 * Every process that runs in a folder below `root`, even if the Control Plane does not know about it. Reads
 * /proc, so this works only on Linux.
 */
export function processesBelow(root: string): FoundProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), folder: folderOf(entry) }))
    .filter(({ folder }) => folder.startsWith(`${root}/`))
    .map(({ pid, folder }) => ({ pid, name: basename(folder.replace(/ \(deleted\)$/, '')) }));
}

function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // The process has exited, or belongs to another user.
    return '';
  }
}

/** What the local driver created for tenants whose slug has this prefix, and what has one of these names. */
export async function namesOnServer(
  prefix: string,
  names: readonly string[],
): Promise<{ databases: string[]; roles: string[] }> {
  return asAdmin(testServerUrl(), async (client) => {
    const named = async (column: string, table: string): Promise<string[]> => {
      const sql = `select ${column} as name from ${table}
        where ${column} like $1 or ${column} = any($2) order by 1`;
      const { rows } = await client.query<{ name: string }>(sql, [`atlas\\_${prefix}\\_%`, names]);
      return rows.map(({ name }) => name);
    };
    return {
      databases: await named('datname', 'pg_database'),
      roles: await named('rolname', 'pg_roles'),
    };
  });
}
