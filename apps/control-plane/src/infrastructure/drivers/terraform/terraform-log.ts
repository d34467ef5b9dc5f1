import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';

const NEWLINE = 10;

/**
 * A file to which a Terraform process writes its output for the Control Plane to read. If the
 * Control Plane exits, the process can keep writing, whereas a broken pipe would terminate it.
 */
export class TerraformLog {
  readonly fd: number;
  private position = 0;

  constructor(private readonly path: string) {
    // A new file, because an earlier process may still be writing to the previous one.
    rmSync(path, { force: true });
    this.fd = openSync(path, 'wx+', 0o600);
  }

  /** The complete lines written since the last call. */
  newLines(): string[] {
    const bytes = Buffer.alloc(fstatSync(this.fd).size - this.position);
    readSync(this.fd, bytes, 0, bytes.length, this.position);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.position += end;
    return bytes.subarray(0, end).toString().split('\n').slice(0, -1);
  }

  close({ isKept }: { readonly isKept: boolean }): void {
    closeSync(this.fd);
    if (!isKept) rmSync(this.path, { force: true });
  }
}
