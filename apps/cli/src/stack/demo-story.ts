import { CommandFailure } from '../failure';
import { type StackContext } from './stack-context';
import { type StoryRecord, Storyteller } from './story/storyteller';
import { tellStory } from './story/tell-story';

/** Planes remember an `Idempotency-Key` for a day. Afterwards, a repeat would create everything again. */
const REPEATABLE_MS = 23 * 3600_000;

/**
 * Fills a new demo tenant with a story, once, and completes it after a start that was killed. Adds nothing to
 * a tenant that has other data. Resolves to whether the tenant has the whole story.
 */
export async function ensureDemoStory(context: StackContext): Promise<boolean> {
  const { state, processes, progress, tenantPlaneUrl: url } = context;
  const tenant = state.record.demoTenant;
  if (tenant?.token === undefined) return false;
  if (tenant.story?.isDone) return true;
  const save = (story: StoryRecord): void => {
    state.save({ demoTenant: { ...tenant, story } });
  };
  const place = { url, tenantId: tenant.id, token: tenant.token, signal: processes.signal };
  const record = tenant.story ?? { startedAt: new Date().toISOString(), isDone: false };
  if (Date.now() - Date.parse(record.startedAt) > REPEATABLE_MS) return false;
  const teller = new Storyteller(place, record, save);
  try {
    if (!tenant.story && (await isUsed(teller))) return false;
    save(record);
    await progress.step('Demo data', () => tellStory(teller));
    teller.finish();
    return true;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    progress.note(`The demo data is incomplete: ${error.message} The next start tries to complete it.`);
    return false;
  }
}

async function isUsed({ client }: Storyteller): Promise<boolean> {
  const query = { limit: 1 };
  const incidents = await client.call('GET /api/incidents', { query });
  const items = await client.call('GET /api/cmdb/items', { query });
  return incidents.items.length + items.items.length > 0;
}
