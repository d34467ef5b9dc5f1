import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A program named terraform that records its calls and runs a test's script. */
export class FakeTerraform {
  readonly folder = mkdtempSync(join(tmpdir(), 'atlas-fake-terraform-'));

  /** `script` is JavaScript, in which `command` is the first argument. */
  constructor(script = '') {
    const note =
      `require('fs').appendFileSync(${JSON.stringify(this.notes)}, ` +
      `JSON.stringify(process.argv.slice(2)) + '\\n');`;
    this.write(`#!/usr/bin/env node\nconst command = process.argv[2];\n${note}\n${script}\n`);
  }

  /**
   * For tests in which starting Node would take most of the time. `script` is a shell script, in which
   * `$folder` is this program's folder.
   */
  static ofShell(script: string): FakeTerraform {
    const fake = new FakeTerraform();
    const note = `args=; for arg; do args="$args,\\"$arg\\""; done; echo "[\${args#,}]" >> '${fake.notes}'`;
    fake.write(`#!/bin/sh\nfolder='${fake.folder}'\n${note}\n${script}\n`);
    return fake;
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

  private write(text: string): void {
    const program = join(this.folder, 'terraform');
    writeFileSync(program, text);
    chmodSync(program, 0o700);
  }

  private get notes(): string {
    return join(this.folder, 'calls');
  }
}
