import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A program named terraform that records its calls and runs a test's script. */
export class FakeTerraform {
  readonly folder = mkdtempSync(join(tmpdir(), 'atlas-fake-terraform-'));

  /** `script`: JavaScript; `command` is the first argument. */
  constructor(script = '') {
    const program = join(this.folder, 'terraform');
    const note =
      `require('fs').appendFileSync(${JSON.stringify(this.notes)}, ` +
      `JSON.stringify(process.argv.slice(2)) + '\\n');`;
    writeFileSync(program, `#!/usr/bin/env node\nconst command = process.argv[2];\n${note}\n${script}\n`);
    chmodSync(program, 0o700);
  }

  get path(): string {
    return `${this.folder}:${dirname(process.execPath)}`;
  }

  /** The arguments of every call. */
  calls(): string[][] {
    if (!existsSync(this.notes)) return [];
    const lines = readFileSync(this.notes, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as string[]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get notes(): string {
    return join(this.folder, 'calls');
  }
}
