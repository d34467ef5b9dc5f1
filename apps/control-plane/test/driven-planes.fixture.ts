import { StepFailure } from '@atlas/jobs';
import { eventually } from '@atlas/testing';
import {
  type InfrastructureRequest,
  type InfrastructureSubject,
} from '../src/infrastructure/drivers/infrastructure-driver';
import { LocalDriver } from '../src/infrastructure/drivers/local/local.driver';
import { type JobScene } from './job-scene.fixture';
import { PlaneSimulator } from './plane-simulator.fixture';

export interface Driven {
  readonly tenantId: string;
  readonly slug: string;
  readonly planeId: string;
  readonly name: string;
  readonly simulator: PlaneSimulator;
}

/**
 * A driver that starts no processes. It records which versions it was asked to run. The tests report on
 * behalf of the planes.
 */
export class DrivenPlanes {
  /** The versions that the driver was asked to run, in order, by plane id. */
  readonly told = new Map<string, (string | null)[]>();
  /** Versions for which no build exists. */
  readonly missing = new Set<string>();
  /** The environment passed at the last start, by plane id. */
  readonly env = new Map<string, Readonly<Record<string, string>>>();
  /** Addresses of planes that do not start at the default address, by plane id. */
  readonly addresses = new Map<string, string>();

  /** The ids of the planes that the driver has removed. */
  readonly removed: string[] = [];
  /** What the driver was last asked to create or remove, by plane id. */
  readonly requests = new Map<string, InfrastructureSubject>();
  /** Makes every removal fail. */
  cannotRemove = false;

  constructor(private readonly scene: JobScene) {
    const create = async (request: InfrastructureRequest) => {
      if (this.missing.has(request.version ?? ''))
        throw new StepFailure('operator', 'release_missing', 'The build does not exist.', 'Provide it.');
      this.requests.set(request.tenantPlaneId, request);
      this.env.set(request.tenantPlaneId, await request.openEnvironment());
      const told = this.told.get(request.tenantPlaneId) ?? [];
      if (told.at(-1) !== request.version) this.told.set(request.tenantPlaneId, [...told, request.version]);
      const own = `https://${request.slug}.example.com`;
      const endpointUrl = this.addresses.get(request.tenantPlaneId) ?? own;
      return { endpointUrl, dbUrl: 'data/tenant.db' };
    };
    const destroy = async (subject: InfrastructureSubject) => {
      const { tenantPlaneId } = subject;
      this.requests.set(tenantPlaneId, subject);
      if (this.cannotRemove) throw new StepFailure('operator', 'stuck', 'It does not go.', 'Push.');
      this.removed.push(tenantPlaneId);
    };
    Object.assign(scene.plane.app.get(LocalDriver), { create, destroy });
  }

  /** Provisions a dedicated tenant whose plane runs `version`. */
  async provision(version: string, changes: object = {}): Promise<Driven> {
    const { plane } = this.scene;
    const { body } = await plane.provision({ deployment_model: 'dedicated', ...changes }).expect(202);
    const { id: tenantId, slug } = body.tenant;
    const simulator = await this.enrols(slug, version);
    await simulator.serve(tenantId);
    await this.scene.reaches(body.job.id, 'succeeded');
    const { id: planeId } = simulator;
    const driven = { tenantId, slug, planeId, name: `${slug}-${planeId.slice(-8)}`, simulator };
    await this.reports(driven, version);
    return driven;
  }

  /** Enrols the plane that was created for the tenant. */
  async enrols(slug: string, version: string): Promise<PlaneSimulator> {
    const found = () => this.scene.plane.describeJobs({});
    const planeId = await eventually(() => this.planeOf(slug), { what: 'the plane is created', found });
    return this.enrolsAs(planeId, version);
  }

  /** Enrols a plane with the environment of its process. */
  async enrolsAs(planeId: string, version: string): Promise<PlaneSimulator> {
    const { plane } = this.scene;
    const env = this.env.get(planeId) ?? {};
    const install = {
      token: env['ATLAS_PROVISIONING_TOKEN'] ?? '',
      token_id: '',
      expires_at: '',
      env,
      commands: {},
    };
    const simulator = new PlaneSimulator(plane.url, plane.clock, planeId, install);
    await simulator.enrol({ version });
    return simulator;
  }

  /** Reports that the running process is healthy. */
  async reports({ simulator }: Driven, version: string, changes: object = {}): Promise<void> {
    this.scene.plane.clock.advance(1);
    await simulator.pull();
    const answer = await simulator.report([], { version, health: { status: 'ok' }, ...changes });
    if (answer.status !== 200) throw new Error(answer.text);
  }

  private async planeOf(slug: string): Promise<string | undefined> {
    const { body } = await this.scene.plane.get('/api/tenant-planes').expect(200);
    const planes = body.items as { id: string; name: string; status: string }[];
    const isItsOwn = (name: string, status: string) => name.startsWith(`${slug}-`) && status === 'expected';
    return planes.find(({ id, name, status }) => isItsOwn(name, status) && this.env.has(id))?.id;
  }
}
