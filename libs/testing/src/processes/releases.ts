import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { builtFile } from './plane-process';

/** Releases of the Tenant Plane, one folder each: the real build, and copies of it with other versions. */
export class Releases {
  private readonly root = mkdtempSync(join(tmpdir(), 'atlas-releases-'));
  private readonly built = dirname(builtFile('tenant-plane', 'main.js'));

  constructor() {
    symlinkSync(resolve(this.built, '../../../node_modules'), join(this.root, 'node_modules'));
  }

  /** The value for LOCAL_DRIVER_TENANT_PLANE. */
  get folder(): string {
    return join(this.root, '{version}');
  }

  /** Adds a link to the real build. */
  link(version: string): void {
    symlinkSync(this.built, join(this.root, version));
  }

  /** Adds a copy of the build with another version. */
  add(version: string): void {
    const folder = join(this.root, version);
    cpSync(this.built, folder, { recursive: true, filter: (path) => !path.endsWith('.map') });
    const line = /(TENANT_PLANE_VERSION = )"[^"]*"/;
    const files = readdirSync(folder).flatMap((name) => (name.endsWith('.js') ? join(folder, name) : []));
    const file = files.find((path) => line.test(readFileSync(path, 'utf8')));
    if (file === undefined) throw new Error(`No file in ${this.built} contains the version.`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(line, `$1"${version}"`));
  }

  /** Makes a release exit at start-up for this tenant. `null` repairs it for all tenants. */
  breakFor(version: string, slug: string | null): void {
    const main = join(this.root, version, 'main.js');
    const works = readFileSync(main, 'utf8').split(BROKEN).at(-1) ?? '';
    const fault = `if (process.cwd().includes('/atlas_${slug}_')) process.exit(1);${BROKEN}`;
    writeFileSync(main, slug === null ? works : fault + works);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const BROKEN = '// broken so far\n';
