import { mintCredential } from '@atlas/service-auth';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const BEFORE = 'one secret for all cells that Atlas runs';

/** These tests do not depend on the database driver. */
describe.each([
  ['in any format', BEFORE, 'another one for all cells that Atlas runs'],
  [
    'in the format of generated secrets',
    mintCredential('ats').value.reveal(),
    mintCredential('ats').value.reveal(),
  ],
])('a Control Plane whose platform secret (%s) is replaced', (_, before, after) => {
  let first: TestControlPlane;
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  let early: PlaneSimulator;
  beforeAll(async () => {
    first = await TestControlPlane.boot('postgres', { INTERNAL_SERVICE_SECRET: before });
    cell = await first.enrolledCell({ secret: 'platform' });
    early = await first.registerCell({ secret: 'platform' });
    plane = await reopened({ INTERNAL_SERVICE_SECRET: after, INTERNAL_SERVICE_SECRET_PREVIOUS: before });
  });
  afterAll(async () => {
    await plane.app.close();
    await first.close();
  });

  const reopened = async (env: NodeJS.ProcessEnv): Promise<TestControlPlane> => {
    const opened = await TestControlPlane.open(first.database, first.clock, env);
    return Object.assign(opened, { apiKey: first.apiKey });
  };
  const pulls = async (secret: string, { url } = plane) => refusal(await cell.copy({ secret, url }).pull());

  it('accepts both secrets until the old one is no longer configured', async () => {
    for (const secret of [before, after]) expect((await pulls(secret))[0]).toBe(200);
    const over = await reopened({ INTERNAL_SERVICE_SECRET: after });
    expect((await pulls(after, over))[0]).toBe(200);
    expect(await pulls(before, over)).toEqual([401, 'bad_signature']);
    await over.app.close();
  });

  it('puts the new secret into new bundles, and still accepts earlier bundles', async () => {
    expect((await plane.registerCell({ secret: 'platform' })).secret).toBe(after);
    expect((await early.copy({ url: plane.url }).enrol()).status).toBe(200);
  });
});
