import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A temporary folder for all that a run makes (it becomes TMPDIR). When the run ends, however that comes, a process that
 * waits for it ends whatever the run has left and removes the folder.
 */
export class RunFolder {
  private constructor(private readonly keeper: ChildProcess) {}

  static open(name: string): RunFolder {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    // Postgres' own user must be able to walk through it.
    chmodSync(folder, 0o755);
    process.env['TMPDIR'] = folder;
    const keeper = spawn(process.execPath, [join(__dirname, 'run-keeper.js'), folder], {
      // The terminal's Ctrl-C is not for it.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    keeper.unref();
    keeper.channel?.unref();
    return new RunFolder(keeper);
  }

  /** On the signals that ask a process to end, all that was started ends first. */
  closeOnSignals(): void {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)
      process.once(signal, () => void this.close().finally(() => process.exit(code)));
  }

  /** Once this is done nothing of the run is left. */
  async close(): Promise<void> {
    if (!this.keeper.connected) return;
    this.keeper.ref();
    this.keeper.disconnect();
    await once(this.keeper, 'exit');
  }
}
