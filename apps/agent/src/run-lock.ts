import { linkSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, isAlive, ownIdentity } from './process-identity';

const NAME = /^lock\.(\d+)$/;

/**
 * Lets one process use a folder. The lock survives no crash: its holder's process has ended then.
 *
 * The holder is the process in the file with the highest number. To take over from a dead holder, a process
 * creates the next number, which only one can do. A process whose number turns out not to be the highest has
 * looked at an old listing, and tries again.
 */
export class RunLock {
  private constructor(private readonly path: string) {}

  /** Null if another process holds the lock. */
  static take(folder: string): RunLock | null {
    const draft = join(folder, `lock.${process.pid}.new`);
    writeFileSync(draft, JSON.stringify(ownIdentity()), { mode: 0o600 });
    try {
      for (;;) {
        if (RunLock.holder(folder)) return null;
        const number = highest(folder) + 1;
        const path = pathOf(folder, number);
        if (!linked(draft, path)) continue;
        if (highest(folder) === number) {
          const older = numbersIn(folder).filter((one) => one < number);
          for (const one of older) rmSync(pathOf(folder, one), { force: true });
          return new RunLock(path);
        }
        rmSync(path, { force: true });
      }
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** The live process that holds the lock. */
  static holder(folder: string): ProcessIdentity | null {
    const number = highest(folder);
    if (number === 0) return null;
    try {
      const holder = JSON.parse(readFileSync(pathOf(folder, number), 'utf8')) as ProcessIdentity | null;
      return holder && isAlive(holder) ? holder : null;
    } catch {
      // Taken over since, or cut off when the machine crashed.
      return null;
    }
  }

  /** Keeps the file, because numbers must only grow. */
  release(): void {
    writeFileSync(this.path, 'null');
  }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function highest(folder: string): number {
  return Math.max(0, ...numbersIn(folder));
}

function pathOf(folder: string, number: number): string {
  return join(folder, `lock.${number}`);
}

function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
