import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A temporary folder for everything that a test run creates. It becomes TMPDIR. However the run ends, a
 * keeper process kills the processes that the run left behind, and removes the folder.
 */
export class RunFolder {
  private closed: Promise<void> | undefined;

  private constructor(private readonly keeper: ChildProcess) {}

  static open(name: string): RunFolder {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    // The Postgres server's own user must be able to access the folder's contents.
    chmodSync(folder, 0o755);
    process.env['TMPDIR'] = folder;
    const keeper = spawn(process.execPath, [join(__dirname, 'run-keeper.js'), folder], {
      // Protects the keeper from the terminal's Ctrl-C.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    keeper.unref();
    keeper.channel?.unref();
    return new RunFolder(keeper);
  }

  /** On a signal to stop, first stops everything that this process started, then exits. */
  closeOnSignals(): void {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)
      process.once(signal, () => void this.close().finally(() => process.exit(code)));
  }

  /** Resolves when all processes and files of the run are gone. Repeated calls wait for the first call. */
  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  private async end(): Promise<void> {
    const exit = once(this.keeper, 'exit');
    this.keeper.ref();
    if (this.keeper.connected) this.keeper.disconnect();
    if (this.keeper.exitCode === null && this.keeper.signalCode === null) await exit;
  }
}
