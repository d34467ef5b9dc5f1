import { modelsWhere } from '@atlas/deployment-profiles';
import {
  type DatabaseDriver,
  DedicatedStack,
  type InstallView,
  type PlaneProcess,
  StandInAiProvider,
  type TenantView,
  type TestDatabase,
  createTestDatabase,
  eventually,
  freePort,
  startPlane,
} from '@atlas/testing';
import { HAS_MONITORING, Monitoring } from './monitoring.fixture';
import { Story } from './story.fixture';

jest.setTimeout(240_000);

const describeWithMonitoring = HAS_MONITORING ? describe : describe.skip;

interface Accepted {
  readonly job: { readonly id: string };
  readonly install?: InstallView;
}

/** The models whose planes customers run. */
const CUSTOMERS: readonly string[] = modelsWhere(({ runBy }) => runBy.tenantPlane === 'customer');
/** What a plane says to the Control Plane. None of it is operational data. */
const HOUSEKEEPING = ['desired_state_pull', 'enrolment', 'plane_report'];
const WITHOUT_AI = ['connect_data', 'monitoring', 'slos', 'runbook'];

/** Each model on the database that is typical of it, and the customer's two on one of each kind. */
describeWithMonitoring(
  'from an alert to a closed incident (skipped unless Prometheus is on the PATH)',
  () => {
    const databases: TestDatabase[] = [];
    const customers: PlaneProcess[] = [];
    let provider: StandInAiProvider;
    let dedicated: DedicatedStack;
    let monitoring: Monitoring;
    let stories: readonly Story[];

    beforeAll(async () => {
      provider = await StandInAiProvider.start();
      dedicated = await DedicatedStack.start('postgres', {
        AI_PROVIDER_BASE_URL: provider.baseUrl,
        AI_PROVIDER_MODEL: 'stand-in-1',
      });
      const { stack } = dedicated;
      const cell = await stack.registerCell();
      await stack.startTenantPlane(cell.install, await database('postgres'));
      await stack.awaitEnrolled(cell.id);
      stories = await Promise.all([
        order('shared'),
        order('dedicated'),
        order('on_prem', 'sqlite'),
        order('hybrid', 'postgres'),
      ]);
      const urls = stories.map(async (story) => [story.tenant.slug, await story.ingestUrl()] as const);
      monitoring = await Monitoring.start(Object.fromEntries(await Promise.all(urls)));
    });
    afterAll(async () => {
      await monitoring.stop();
      await Promise.all(stories.map(({ machine }) => machine.remove()));
      await Promise.all(customers.map((plane) => plane.end('SIGKILL')));
      await dedicated.stop();
      await provider.stop();
      for (const one of databases) await one.drop();
    });

    async function database(driver: DatabaseDriver): Promise<TestDatabase> {
      const created = await createTestDatabase(driver);
      databases.push(created);
      return created;
    }

    /** Provisions a tenant. `driver`: the database of the customer who installs its plane. */
    async function order(model: string, driver?: DatabaseDriver): Promise<Story> {
      const { stack } = dedicated;
      const slug = model.replace('_', '-');
      const { body } = await stack.provision(slug, { body: { deployment_model: model } });
      if (driver && body.install) await install(body.install, driver);
      const tenant = await stack.awaitActive(body.tenant.id, 60_000);
      const at = tenant.endpoint_url ?? '';
      return Story.begin(tenant, await stack.signUp(tenant, at), at);
    }

    /** Installs a plane as the customer does. Returns its address. */
    async function install({ env }: InstallView, driver: DatabaseDriver): Promise<string> {
      const { url, ownerUrl } = await database(driver);
      const port = await freePort();
      const address = `http://127.0.0.1:${port}`;
      const own = { TENANT_PLANE_DATABASE_URL: ownerUrl ?? url, TENANT_PLANE_PUBLIC_URL: address };
      customers.push(await startPlane('tenant-plane', { port, env: { ...env, ...own } }));
      return address;
    }

    it('runs in every model while the Control Plane is stopped', async () => {
      await dedicated.stack.controlPlane.end();
      const told = stories.map(async (story) => {
        const host = `${story.tenant.slug}-1`;
        const incident = await story.opens(host, monitoring);
        await story.repairs(host, incident);
        await story.closes(host, incident, monitoring);
        await story.counts(1);
        expect(await story.done()).toEqual(WITHOUT_AI);
      });
      await Promise.all(told);
      await dedicated.stack.startControlPlane();
    });

    it("keeps operational data in the customer's network", async () => {
      for (const story of stories.filter(({ tenant }) => CUSTOMERS.includes(tenant.deployment_model)))
        expect(await story.left()).toEqual({ left: HOUSEKEEPING, refused: [] });
    });

    it('ends with the whole checklist done, once an AI has analysed an incident', async () => {
      const analysed = stories.map(async (story) => {
        await story.analyses(await story.opens(`${story.tenant.slug}-2`, monitoring));
        expect(await story.done()).toEqual([...WITHOUT_AI, 'ai']);
        if (CUSTOMERS.includes(story.tenant.deployment_model))
          expect(await story.left()).toEqual({ left: ['ai_prompt', ...HOUSEKEEPING], refused: [] });
      });
      await Promise.all(analysed);
    });

    it('goes on while the tenant moves from shared to dedicated, to hybrid and back to shared', async () => {
      const [story] = stories as [Story];
      const path = `/api/tenants/${story.tenant.id}`;
      let times = 1;
      for (const model of ['dedicated', 'hybrid', 'shared']) {
        const host = `on-the-way-to-${model}`;
        const incident = await story.opens(host, monitoring);
        const before = await story.remains();
        await move(story, model);
        const { body: tenant } = await dedicated.stack.api<TenantView>(path);
        expect(tenant).toMatchObject({ deployment_model: model, status: 'active' });
        story.moved(tenant.endpoint_url ?? '');
        expect(await story.remains()).toEqual(before);
        await story.repairs(host, incident);
        await story.closes(host, incident, monitoring);
        await story.counts((times += 1));
      }
    });

    async function move(story: Story, deployment_model: string): Promise<void> {
      const { stack } = dedicated;
      const { id } = story.tenant;
      const { body } = await stack.api<Accepted>(`/api/tenants/${id}/move`, { body: { deployment_model } });
      if (body.install) await install(body.install, 'sqlite');
      let hasConsented = false;
      const hasMoved = async (): Promise<boolean> => {
        const { status, error } = (await stack.api(`/api/provisioning-jobs/${body.job.id}`)).body;
        if (status === 'failed') throw new Error(JSON.stringify(error));
        if (status === 'waiting' && deployment_model === 'shared' && !hasConsented)
          hasConsented = await story.consents();
        return status === 'succeeded';
      };
      await eventually(hasMoved, { timeoutMs: 90_000, what: `the tenant has moved to ${deployment_model}` });
    }
  },
);
