import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary file without a name, so that it disappears with the process, even if that is killed. */
export async function unnamedFile(prefix: string): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  try {
    return await open(join(folder, 'content'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
