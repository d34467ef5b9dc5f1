import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Run, withReader } from './sqlite-copy';

/**
 * Lends a file to `use`, and a reader of the SQLite database that `use` writes into it. The file loses its
 * name while it is still empty, so its content disappears with the process, even if that is killed.
 */
export async function withUnnamedDatabase<T>(use: (file: FileHandle, run: Run) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-verify-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const name = join(folder, 'database');
    const file = await open(name, 'wx', 0o600);
    try {
      return await withReader(name, async (run) => {
        await remove();
        return use(file, run);
      });
    } finally {
      await file.close();
    }
  } finally {
    await remove();
  }
}
