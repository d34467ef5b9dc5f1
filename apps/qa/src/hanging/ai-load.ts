import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@atlas/testing';
import { type Asker, type Scene } from './scene';

/** A refusal that takes longer has waited for the provider. */
const AT_ONCE_MS = 1000;
const BACK_WITHIN_MS = 60_000;
/** On a slow machine, the breaker may open later than it should. */
const OPENS_WITHIN_MS = 15_000;

interface Asked {
  readonly status: number;
  readonly ms: number;
  /** Whether the breaker refused it. */
  readonly isPaused: boolean;
}

export interface AiLoad {
  /** How long the first refusal without a wait took, since the first call; Infinity if there was none. */
  readonly refusedAtOnceMs: number;
  readonly asked: readonly Asked[];
}

export interface AskingUsers {
  readonly callers: number;
  /** They begin one after the other over this time, as people do. */
  readonly beginOverMs: number;
  /** How long each waits before it asks again. */
  readonly pauseMs: number;
  readonly forMs: number;
}

/** Users ask while the provider accepts questions and never answers. Resolves when all of them have ended. */
export async function askWhileItHangs(scene: Scene, users: AskingUsers): Promise<AiLoad> {
  const { callers, beginOverMs, pauseMs, forMs } = users;
  scene.provider.answering = () => undefined;
  const startedAt = performance.now();
  const asked: Asked[] = [];
  let refusedAtOnceMs = Infinity;
  const isGoingOn = (): boolean => {
    const pastMs = performance.now() - startedAt;
    return pastMs < forMs || (refusedAtOnceMs === Infinity && pastMs < OPENS_WITHIN_MS);
  };
  const keepAsking = async (asker: Asker, beginMs: number): Promise<void> => {
    await delay(beginMs);
    while (isGoingOn()) {
      const one = await ask(scene, asker);
      asked.push(one);
      if (one.isPaused && one.ms < AT_ONCE_MS)
        refusedAtOnceMs = Math.min(refusedAtOnceMs, performance.now() - startedAt);
      await delay(pauseMs);
    }
  };
  const asking = Array.from({ length: callers }, async (_, n) => {
    const asker = scene.askers[n % scene.askers.length];
    if (asker) await keepAsking(asker, (n * beginOverMs) / callers);
  });
  await Promise.all(asking);
  return { refusedAtOnceMs, asked };
}

/** The provider answers again. Returns how long it takes until every tenant gets answers. */
export async function awaitReturn(scene: Scene): Promise<number> {
  scene.provider.answerProperly();
  const startedAt = performance.now();
  for (const asker of scene.askers)
    await eventually(async () => (await ask(scene, asker)).status === 200, {
      timeoutMs: BACK_WITHIN_MS,
      everyMs: 100,
      what: `${asker.tenant.slug} gets an answer again`,
    });
  return performance.now() - startedAt;
}

async function ask({ stack }: Scene, { tenant, session, incidentId }: Asker): Promise<Asked> {
  const startedAt = performance.now();
  const path = `/api/ai/incidents/${incidentId}/analysis`;
  const { status, body } = await stack.tenant<{ detail?: string }>(tenant.slug, path, {
    session,
    method: 'POST',
  });
  const isPaused = status === 503 && (body.detail ?? '').includes('keeps failing');
  return { status, ms: performance.now() - startedAt, isPaused };
}
