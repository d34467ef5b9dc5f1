import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '@atlas/testing';

interface DevStack {
  readonly control_plane: {
    readonly url: string;
    readonly operator_email: string;
    readonly operator_password: string;
  };
  readonly demo_tenant: {
    readonly url: string;
    readonly admin_email: string;
    readonly admin_password: string;
  };
}

/** What `npm start` runs: both planes on SQLite, and a demo tenant with a story. */
export class DemoStack {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly stack: DevStack,
  ) {}

  static async start(): Promise<DemoStack> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-demo-'));
    const args = [builtFile('cli', 'main.js'), 'stack', 'up', '--json', '--data-dir', folder];
    const env = { ...process.env, ATLAS_CP_PORT: '0', ATLAS_TP_PORT: '0' };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    // One line, written once everything is ready.
    await once(child.stdout, 'data');
    const text = readFileSync(join(folder, 'dev-stack.json'), 'utf8');
    return new DemoStack(child, folder, JSON.parse(text) as DevStack);
  }

  async stop(): Promise<void> {
    this.child.kill();
    await once(this.child, 'exit');
    rmSync(this.folder, { recursive: true });
  }
}
