import { WARM_POOL_STEPS } from '@atlas/deployment-profiles';
import { eventually } from '@atlas/testing';
import { type Equipment, type Scenario, type Subject, servedProblem, tenantNow } from './scenario';
import { provision } from './scenarios';
import { type Scene } from './scene';

const FILLED_WITHIN_MS = 60_000;

/** What a plane from the pool needs no step for. */
const PREPARED: readonly string[] = ['create-infrastructure', 'await-enrolment'];

function onePlaneReady(): Equipment {
  return { env: { DEDICATED_POOL_SIZE: '1' }, remove: () => undefined };
}

async function inPool({ control }: Scene, condition: string): Promise<string | undefined> {
  const sql = `select id from tenant_planes where pool_state = 'pooled' and status <> 'retired'`;
  return (await control.query<{ id: string }>(`${sql} and ${condition} order by id desc`))[0]?.id;
}

/** Resolves to the id of the plane that is ready. */
function filled(scene: Scene): Promise<string> {
  const options = { timeoutMs: FILLED_WITHIN_MS, everyMs: 100, what: 'the pool is full' };
  return eventually(() => inPool(scene, 'accepts_tenants'), options);
}

const tenantOfPool = {
  ...provision('dedicated'),
  equipment: onePlaneReady,
  isAlone: true,
  prepare: async (scene: Scene, slug: string): Promise<Subject> => {
    await filled(scene);
    return { slug };
  },
};

/** A tenant takes a plane from the warm pool. */
export const provisionFromPool: Scenario = {
  ...tenantOfPool,
  name: 'provision dedicated from the pool',
  steps: tenantOfPool.steps.filter((step) => !PREPARED.includes(step)),
  async problem(scene, subject) {
    // A refill that was interrupted goes on once the lease of its worker has expired.
    await filled(scene);
    const { tenant_plane_id: id } = await tenantNow(scene, subject);
    const sql = 'select pool_state from tenant_planes where id = $1';
    const [plane] = await scene.control.query<{ pool_state: string | null }>(sql, [id ?? '']);
    return plane?.pool_state === 'taken' ? servedProblem(scene, subject) : 'the plane is not from the pool';
  },
};

/** The pool is refilled after a tenant has taken its plane. */
export const warm: Scenario = {
  ...tenantOfPool,
  name: 'warm',
  operation: 'warm',
  steps: WARM_POOL_STEPS.warm,
  async begin(scene, subject) {
    await tenantOfPool.begin(scene, { ...subject });
    subject.planeId ??= await eventually(() => inPool(scene, 'not accepts_tenants'), {
      timeoutMs: FILLED_WITHIN_MS,
      what: 'the refill begins',
    });
  },
  async problem(scene, subject) {
    const ready = await filled(scene);
    return ready === subject.planeId ? undefined : `${subject.planeId} is not in the pool, but ${ready} is`;
  },
};

/** A plane is replaced, because it is not what a new tenant would get. */
export const cool: Scenario = {
  name: 'cool',
  operation: 'cool',
  steps: WARM_POOL_STEPS.cool,
  equipment: onePlaneReady,
  isAlone: true,
  prepare: async (scene, slug) => ({ slug, planeId: await filled(scene) }),
  async begin({ control }, { planeId }) {
    await control.query(`update tenant_planes set region = 'elsewhere' where id = $1`, [planeId]);
  },
  async problem(scene, { planeId }) {
    return (await filled(scene)) === planeId ? 'the plane is still in the pool' : undefined;
  },
};
