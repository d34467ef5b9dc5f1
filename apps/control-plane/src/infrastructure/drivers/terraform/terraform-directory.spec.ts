import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerraformDirectory } from './terraform-directory';

describe(TerraformDirectory.name, () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'atlas-terraform-directory-'));
    mkdirSync(join(root, 'module/scripts'), { recursive: true });
    write('module/main.tf', 'one');
    write('module/scripts/run.mjs', 'run');
    write('module/terraform.tfstate', 'not this');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (file: string, text: string): void => writeFileSync(join(root, file), text);
  const read = (file: string): string => readFileSync(join(root, 'work/acme', file), 'utf8');
  const directory = (backend?: string): TerraformDirectory =>
    new TerraformDirectory(join(root, 'work/acme'), join(root, 'module'), backend && join(root, backend));

  it('copies the module into a directory that only its owner can read', async () => {
    await directory().prepare();
    expect(readdirSync(join(root, 'work'))).toEqual(['acme']);
    expect(readdirSync(join(root, 'work/acme')).sort()).toEqual(['atlas_fence.tf', 'main.tf', 'scripts']);
    expect(read('scripts/run.mjs')).toBe('run');
    expect(statSync(join(root, 'work/acme')).mode & 0o777).toBe(0o700);
  });

  it('updates its copy of the module and keeps the state', async () => {
    await directory().prepare();
    write('work/acme/terraform.tfstate', 'state');
    write('module/main.tf', 'two');
    write('module/more.tf', 'more');
    await directory().prepare();
    rmSync(join(root, 'module/more.tf'));
    await directory().prepare();
    expect([read('main.tf'), read('terraform.tfstate')]).toEqual(['two', 'state']);
    expect(existsSync(join(root, 'work/acme/more.tf'))).toBe(false);
  });

  it('adds only the fence to a copy made by an older Control Plane', async () => {
    await directory().prepare();
    rmSync(join(root, 'work/acme/atlas_fence.tf'));
    write('module/main.tf', 'two');
    await directory().fence();
    expect([read('main.tf'), read('atlas_fence.tf')]).toEqual(['one', expect.stringContaining('uuid()')]);
  });

  it('is complete even if an earlier attempt to create it crashed', async () => {
    mkdirSync(join(root, 'work/acme.new'), { recursive: true });
    write('work/acme.new/half.tf', '');
    await directory().prepare();
    expect(readdirSync(join(root, 'work/acme')).sort()).toEqual(['atlas_fence.tf', 'main.tf', 'scripts']);
  });

  it('gives the tenant its own state in the backend', async () => {
    write('backend.tf', 'terraform { backend "s3" { key = "atlas/{name}.tfstate" } }');
    await directory('backend.tf').prepare();
    expect(read('backend_override.tf')).toContain('"atlas/acme.tfstate"');
  });

  it('refuses a backend in which tenants would share state', async () => {
    write('backend.tf', 'terraform { backend "s3" { key = "atlas.tfstate" } }');
    const refused = { failureClass: 'operator', code: 'terraform_backend_unusable' };
    await expect(directory('backend.tf').prepare()).rejects.toMatchObject(refused);
    await expect(directory('missing.tf').prepare()).rejects.toMatchObject(refused);
  });

  it('reports a missing module', async () => {
    rmSync(join(root, 'module'), { recursive: true });
    await expect(directory().prepare()).rejects.toMatchObject({ code: 'terraform_module_missing' });
  });
});
