import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StepFailure } from '@atlas/jobs';
import { FENCE_FILE, FENCE_TEXT } from './terraform-fence';

const BACKEND_FILE = 'backend_override.tf';
/** Files that Terraform leaves in a module when someone runs it by hand. They are not copied. */
const IS_LEFT_OUT = /^\.terraform$|\.tfstate/;
const OWNER_READS_AND_WRITES = 0o600;
const OWNER_RUNS = 0o100;

interface ModuleFile {
  readonly content: Buffer;
  readonly mode: number;
}
type ModuleFiles = Map<string, ModuleFile>;

const FENCE_FILES: ModuleFiles = new Map([
  [FENCE_FILE, { content: Buffer.from(FENCE_TEXT), mode: OWNER_READS_AND_WRITES }],
]);

/**
 * A tenant's working directory. It contains Terraform's data, the state
 * if no backend is configured, and a copy of the module, so that the same
 * code creates and destroys the infrastructure. It also contains secrets.
 */
export class TerraformDirectory {
  constructor(
    readonly path: string,
    private readonly moduleDir: string,
    private readonly backendFile?: string,
  ) {}

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Creates the directory, or updates its copy of the module. */
  async prepare(): Promise<void> {
    const files: ModuleFiles = new Map([...(await this.moduleFiles()), ...FENCE_FILES]);
    if (this.backendFile !== undefined) files.set(BACKEND_FILE, this.backend(this.backendFile));
    if (this.exists) return this.update(files);
    // The directory is renamed into place once complete, so that a
    // directory at `path` can always be used to destroy the infrastructure.
    const unfinished = `${this.path}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    await write(unfinished, files);
    await rename(unfinished, this.path);
  }

  /**
   * Adds the fence, in case the directory was created by an older
   * Control Plane. Leaves the copy of the module unchanged.
   */
  async fence(): Promise<void> {
    await write(this.path, FENCE_FILES);
  }

  async remove(): Promise<void> {
    await rm(`${this.path}.new`, { recursive: true, force: true });
    await rm(this.path, { recursive: true, force: true });
  }

  private async update(files: ModuleFiles): Promise<void> {
    await write(this.path, files);
    const present = await readdir(this.path);
    const outdated = present.filter((name) => /\.tf(\.json)?$/.test(name) && !files.has(name));
    await Promise.all(outdated.map((name) => rm(join(this.path, name))));
  }

  private async moduleFiles(): Promise<ModuleFiles> {
    if (!existsSync(this.moduleDir) || !statSync(this.moduleDir).isDirectory()) {
      const detail = `No Terraform module found at ${this.moduleDir} (TERRAFORM_MODULE_DIR).`;
      const fix = 'Atlas on-call: put the module there, or correct the variable, then retry the job.';
      throw new StepFailure('operator', 'terraform_module_missing', detail, fix);
    }
    const files: ModuleFiles = new Map();
    await collect(this.moduleDir, '', files);
    return files;
  }

  /** Requires `{name}` in the backend file, because two tenants must never share state. */
  private backend(file: string): ModuleFile {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.includes('{name}')) {
      const content = Buffer.from(text.replaceAll('{name}', basename(this.path)));
      return { content, mode: OWNER_READS_AND_WRITES };
    }
    const detail =
      `${file} (TERRAFORM_BACKEND_FILE) must exist and contain {name}, which stands for the name of the ` +
      "tenant's own state.";
    const fix = 'Atlas on-call: fix that file, then retry the job.';
    throw new StepFailure('operator', 'terraform_backend_unusable', detail, fix);
  }
}

async function collect(root: string, folder: string, files: ModuleFiles): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.filter(({ name }) => !IS_LEFT_OUT.test(name))) {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) await collect(root, name, files);
    else files.set(name, await moduleFile(join(root, name)));
  }
}

async function moduleFile(path: string): Promise<ModuleFile> {
  const [content, { mode }] = await Promise.all([readFile(path), stat(path)]);
  return { content, mode: OWNER_READS_AND_WRITES | (mode & OWNER_RUNS) };
}

/**
 * Replaces each file atomically, because a terraform process
 * that outlived its Control Plane may be reading it.
 */
async function write(root: string, files: ModuleFiles): Promise<void> {
  for (const [name, { content, mode }] of files) {
    const path = join(root, name);
    if (existsSync(path) && readFileSync(path).equals(content)) continue;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, content, { mode });
    await rename(`${path}.new`, path);
  }
}
