import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseLost } from '@atlas/jobs';
import { parseEnvironment } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { ControlPlaneConfig } from '../src/config/control-plane.config';
import { type FencedWrite } from '../src/infrastructure/drivers/infrastructure-driver';
import { infrastructureName } from '../src/infrastructure/drivers/infrastructure-name';
import { TerraformDriver } from '../src/infrastructure/drivers/terraform/terraform.driver';
import { describeDriver, withoutDatabase } from './driver-contract.fixture';
import { FakeTerraform } from './fake-terraform.fixture';

/**
 * A fake `terraform` that keeps state for each working directory (its serial, whether the fence exists, and
 * the plane), and refuses plans made before the last change. It fails if it can see the sealing keys. With
 * WAITS, an apply keeps running as if it were waiting for the lock, until the test interrupts it. If the test
 * does not interrupt it, the apply stops after 10 s.
 */
const SCRIPT = `
  [ "$CONTROL_PLANE_SEALING_KEYS" ] && exit 1
  name=\${PWD##*/}
  state="$folder/$name.state"
  serial=0 fence= plane=
  [ -f "$state" ] && IFS=: read -r serial fence plane < "$state"
  say() {
    echo '{"type":"planned_change","change":{"action":"'$1'","resource":{"addr":"aws_db_instance.tenant"}}}'
  }
  case $1 in
    plan)
      echo "$TF_VAR_tenant_plane_environment" > "$folder/environment"
      for arg; do
        case $arg in -out=*) out=\${arg#-out=} ;; -destroy) destroys=1 ;; -target=*) fences=1 ;; esac
      done
      if [ "$destroys" ]; then
        [ "$fence$plane" ] && say delete
        fence= plane=
      elif [ "$fences" ]; then fence=1
      else
        say create
        fence=1 plane=made
      fi
      echo "$serial:$fence:$plane" > "$out" ;;
    apply)
      [ "$WAITS" ] && exec /bin/sleep 10
      for arg; do plan=$arg; done
      IFS=: read -r planned fence plane < "$plan" && [ "$planned" = "$serial" ] || exit 1
      echo "$((serial + 1)):$fence:$plane" > "$state" ;;
    output)
      db_url="postgres://acme:the-password@$name"
      echo '{"endpoint_url":{"value":"https://'$name'"},"db_url":{"value":"'$db_url'"}}' ;;
  esac
`;
const SUBJECT = {
  tenantId: 't',
  slug: 'acme',
  tenantPlaneId: '00000000-plane',
  deploymentModel: 'dedicated' as const,
  region: null,
  database: 'postgres' as const,
  version: '0.1.0',
};

/** A driver with its own fake terraform on the PATH, until it is closed. */
class TerraformScene {
  readonly root = mkdtempSync(join(tmpdir(), 'atlas-terraform-driver-'));
  readonly fake = FakeTerraform.ofShell(SCRIPT);
  private readonly ours = { ...process.env };

  constructor() {
    mkdirSync(join(this.root, 'module'));
    process.env['PATH'] = this.fake.path;
    process.env['CONTROL_PLANE_SEALING_KEYS'] = `k1:${Buffer.alloc(32).toString('base64')}`;
  }

  driverWith(env: NodeJS.ProcessEnv): TerraformDriver {
    const settings = {
      TERRAFORM_MODULE_DIR: join(this.root, 'module'),
      TERRAFORM_WORK_DIR: join(this.root, 'work'),
    };
    return new TerraformDriver(parseEnvironment(ControlPlaneConfig, { ...process.env, ...settings, ...env }));
  }

  close(): void {
    process.env = { ...this.ours };
    this.fake.remove();
    rmSync(this.root, { recursive: true, force: true });
  }
}

describeDriver('terraform', async () => {
  const scene = new TerraformScene();
  return {
    driver: scene.driverWith({}),
    write: withoutDatabase,
    existing: async (subject) => {
      const file = join(scene.fake.folder, `${infrastructureName(subject)}.state`);
      return existsSync(file) && readFileSync(file, 'utf8').endsWith(':made\n') ? ['plane'] : [];
    },
    exposed: () => JSON.stringify(scene.fake.calls()),
    close: async () => scene.close(),
  };
});

describe(TerraformDriver.name, () => {
  let scene: TerraformScene;
  let root: string;
  let fake: FakeTerraform;
  let driver: TerraformDriver;
  const request = {
    ...SUBJECT,
    openEnvironment: async () => ({ TENANT_PLANE_DATABASE_URL: '# to be filled' }),
  };

  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log', 'warn', 'error', 'fatal']));
  beforeEach(() => {
    scene = new TerraformScene();
    ({ root, fake } = scene);
    driver = scene.driverWith({});
  });
  afterEach(() => scene.close());

  const commands = (): (string | undefined)[] => fake.calls().map(([command]) => command);
  const workDirectories = (): string[] =>
    existsSync(join(root, 'work')) ? readdirSync(join(root, 'work')) : [];

  it('creates infrastructure with init, plan, apply and output', async () => {
    const { endpointUrl, dbUrl } = await driver.create(request, withoutDatabase);
    const name = 'atlas_acme_00-plane';
    expect([endpointUrl, dbUrl.reveal()]).toEqual([
      `https://${name}`,
      `postgres://acme:the-password@${name}`,
    ]);
    expect(commands()).toEqual(['init', 'plan', 'apply', 'output']);
  });

  it('leaves no plan file behind', async () => {
    await driver.create(request, withoutDatabase);
    const left = readdirSync(join(root, 'work/atlas_acme_00-plane'));
    expect(left.filter((name) => name.endsWith('.tfplan'))).toEqual([]);
  });

  it('interrupts an apply that is waiting for the lock if another worker takes over', async () => {
    process.env['WAITS'] = 'yes';
    let asked = 0;
    const soonOvertaken: FencedWrite = async (work) => {
      if (++asked > 1) throw new LeaseLost();
      return withoutDatabase(work);
    };
    await expect(driver.create(request, soonOvertaken)).rejects.toThrow(LeaseLost);
    expect(commands()).toEqual(['init', 'plan', 'apply']);
  });

  it('removes its own plan file, but never that of a worker that takes over', async () => {
    const directory = join(root, 'work/atlas_acme_00-plane');
    await driver.create(request, async (work) => {
      writeFileSync(join(directory, 'successor.tfplan'), '');
      return withoutDatabase(work);
    });
    expect(readdirSync(directory).filter((name) => name.endsWith('.tfplan'))).toEqual(['successor.tfplan']);
  });

  it('destroys existing infrastructure, but keeps its directory until the plane is forgotten', async () => {
    await driver.create(request, withoutDatabase);
    await driver.destroy(SUBJECT, withoutDatabase);
    expect(commands().slice(4)).toEqual(['init', 'plan', 'apply']);
    expect(fake.calls()[5]).toContain('-destroy');
    expect(workDirectories()).toEqual(['atlas_acme_00-plane']);
    await driver.forget(SUBJECT);
    expect(workDirectories()).toEqual([]);
  });

  it('reports the state as missing until an operator restores the directory', async () => {
    const failure: unknown = await driver.requireTracked(SUBJECT).catch((error: unknown) => error);
    expect(failure).toMatchObject({ failureClass: 'operator', code: 'state_missing' });
    const directory = join(root, 'work/atlas_acme_00-plane');
    expect(failure).toMatchObject({ message: expect.stringContaining(directory) });
    mkdirSync(directory, { recursive: true });
    await driver.requireTracked(SUBJECT);
  });

  it('changes even an empty state on removal, so that a pending creation fails', async () => {
    mkdirSync(join(root, 'work/atlas_acme_00-plane'), { recursive: true });
    await driver.destroy(SUBJECT, withoutDatabase);
    expect(commands()).toEqual(['init', 'plan', 'plan', 'apply', 'plan', 'apply']);
    expect(fake.calls()[2]).toContain('-target=terraform_data.atlas_fence');
  });

  it('uses a remote state even without a directory', async () => {
    const file = join(root, 'backend.tf');
    writeFileSync(file, 'terraform { backend "s3" { key = "{name}" } }');
    const elsewhere = scene.driverWith({ TERRAFORM_BACKEND_FILE: file });
    await elsewhere.requireTracked(SUBJECT);
    await elsewhere.destroy(SUBJECT, withoutDatabase);
    await elsewhere.forget(SUBJECT);
    expect(commands()).toEqual(['init', 'plan', 'plan', 'apply', 'plan', 'apply']);
    expect(workDirectories()).toEqual([]);
  });

  it('lists the planes that have a state, and finds those whose state is missing', async () => {
    const subject = { ...SUBJECT, tenantPlaneId: '00000000-0000-0000-0000-00000a1b2c3d' };
    const faults = async () => (await driver.inspect([subject])).map((one) => one.faults);
    const things = async () => {
      const found = [];
      for await (const page of driver.things()) found.push(...page);
      return found;
    };
    expect(await faults()).toEqual([{ state: expect.stringContaining('atlas_acme_0a1b2c3d') }]);
    expect(await things()).toEqual([]);
    await driver.create({ ...request, ...subject }, withoutDatabase);
    mkdirSync(join(root, 'work/atlas_acme_0a1b2c3d.new'));
    expect(await faults()).toEqual([{}]);
    const id = `directory ${join(root, 'work/atlas_acme_0a1b2c3d')}`;
    expect(await things()).toEqual([{ id, name: 'atlas_acme_0a1b2c3d' }]);
  });

  it('cannot tell whether a remote state exists', async () => {
    const elsewhere = scene.driverWith({ TERRAFORM_BACKEND_FILE: join(root, 'backend.tf') });
    expect(await elsewhere.inspect([SUBJECT])).toEqual([]);
  });

  it('plans a tenant plane of the requested model', async () => {
    await driver.plan({ ...SUBJECT, deploymentModel: 'hybrid' });
    const environment = readFileSync(join(scene.fake.folder, 'environment'), 'utf8');
    expect(JSON.parse(environment)).toMatchObject({ ATLAS_TP_DEPLOYMENT: 'hybrid' });
  });

  it('tells the operator why a dry run has no plan', async () => {
    process.env['PATH'] = root;
    await expect(driver.plan(SUBJECT)).rejects.toMatchObject({
      code: 'terraform_missing',
      kind: 'unavailable',
    });
  });
});
