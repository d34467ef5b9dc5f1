import { BackupRefused } from './backup-refused';

/** What the operating system, SQLite and Postgres call a full disk. */
const FULL = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', '53100'];

/** Throws {@link BackupRefused} with this advice if a disk is full. */
export async function explainingNoSpace<T>(advice: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, driverError, message } = error as Error & {
      code?: string;
      driverError?: { code?: string };
    };
    if (!FULL.includes(driverError?.code ?? code ?? '')) throw error;
    throw new BackupRefused(`A disk is full (${message}). ${advice}`);
  }
}
