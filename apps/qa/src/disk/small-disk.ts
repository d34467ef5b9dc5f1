import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system in memory that can be filled up. Mounting it requires root and Linux. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Returns null if this process may not mount a file system. */
  static mount(megabytes: number): SmallDisk | null {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-disk-'));
    try {
      const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder];
      execFileSync('mount', options, { stdio: 'ignore' });
    } catch {
      rmSync(folder, { recursive: true });
      return null;
    }
    // The database server runs as another user, and needs access to the folder.
    chmodSync(folder, 0o755);
    return new SmallDisk(folder);
  }

  /** Fills the disk to the last page. */
  fill(): void {
    const file = openSync(this.filler, 'w');
    for (const size of [1024 * 1024, 4096]) {
      const block = Buffer.alloc(size);
      while (hasRoom(() => writeSync(file, block) === size));
    }
    closeSync(file);
  }

  free(): void {
    rmSync(this.filler, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true });
  }

  private get filler(): string {
    return join(this.folder, 'filler');
  }
}

function hasRoom(write: () => boolean): boolean {
  try {
    return write();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOSPC') return false;
    throw error;
  }
}
