import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StubApi } from '../../test/stub-api.fixture';
import { Progress } from '../progress';
import { ensureDemoStory } from './demo-story';
import { type StackContext } from './stack-context';
import { type StoryRecord } from './story/storyteller';

describe(ensureDemoStory.name, () => {
  const { signal } = new AbortController();
  const save = jest.fn();
  let api: StubApi;

  // Stands in for the Tenant Plane.
  beforeEach(async () => {
    api = await StubApi.start();
    api.answers = {
      'GET /api/incidents?limit=1': [{ body: { items: [] } }],
      'GET /api/cmdb/items?limit=1': [{ body: { items: [] } }],
    };
  });
  afterEach(() => {
    api.stop();
    save.mockClear();
  });

  async function ensure(story?: StoryRecord): Promise<{ hasStory: boolean; notes: string }> {
    const stream = new PassThrough();
    const demoTenant = { id: 'tenant-1', token: 't', story };
    const context = {
      processes: { signal },
      progress: new Progress(stream, false, false),
      state: { record: { demoTenant }, save },
      tenantPlaneUrl: api.url,
    };
    const hasStory = await ensureDemoStory(context as unknown as StackContext);
    stream.end();
    return { hasStory, notes: await text(stream) };
  }

  const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3600_000).toISOString();

  it.each(['incidents', 'cmdb/items'])('adds nothing to a tenant that has %s', async (list) => {
    api.answers[`GET /api/${list}?limit=1`] = [{ body: { items: [{ id: 'theirs' }] } }];
    await expect(ensure()).resolves.toEqual({ hasStory: false, notes: '' });
    expect(api.calls.map(({ call }) => call).filter((call) => !call.startsWith('GET'))).toEqual([]);
    expect(save).not.toHaveBeenCalled();
  });

  it.each([
    ['has the whole story', hoursAgo(1000), true],
    ['got a part of it so long ago that the plane would not recognise a repeat', hoursAgo(23.5), false],
  ])('asks nothing of a tenant that %s', async (_, startedAt, isDone) => {
    await expect(ensure({ startedAt, isDone })).resolves.toEqual({ hasStory: isDone, notes: '' });
    expect(api.calls).toEqual([]);
  });

  it('saves when it began before it creates anything, and says what went wrong', async () => {
    api.answers['POST /api/cmdb/items'] = [
      { status: 403, body: { code: 'forbidden', detail: 'Not yours.' } },
    ];
    const { hasStory, notes } = await ensure();
    expect(hasStory).toBe(false);
    expect(notes).toContain('The demo data is incomplete: Not yours. The next start tries to complete it.');
    const story = { startedAt: expect.any(String) as string, isDone: false };
    expect(save.mock.calls).toEqual([[{ demoTenant: { id: 'tenant-1', token: 't', story } }]]);
  });
});
