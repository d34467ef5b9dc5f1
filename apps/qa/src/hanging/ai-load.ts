import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@atlas/testing';
import { type Asker, type Scene } from './scene';

/** A refusal that takes longer has waited for the provider. */
const AT_ONCE_MS = 1000;
const BACK_WITHIN_MS = 60_000;
/** On a slow machine, questions may be refused later than they should. */
const REFUSES_WITHIN_MS = 15_000;

interface Asked {
  readonly status: number;
  readonly ms: number;
  /** Whether the Control Plane refused it without asking the provider. */
  readonly isPaused: boolean;
}

export interface AiLoad {
  /** How long the first refusal without a wait took, since the first call; Infinity if there was none. */
  readonly refusedAtOnceMs: number;
  /** The questions that have ended. */
  readonly asked: readonly Asked[];
  readonly waiting: number;
}

export interface AskingUsers {
  /** They ask one after the other, whether the questions before have ended or not. */
  readonly everyMs: number;
  readonly forMs: number;
}

/**
 * Users ask while the provider accepts questions and never answers. Some of their questions may still wait
 * when this resolves.
 */
export async function askWhileItHangs(scene: Scene, { everyMs, forMs }: AskingUsers): Promise<AiLoad> {
  scene.provider.answering = () => undefined;
  const startedAt = performance.now();
  const asked: Asked[] = [];
  let [begun, refusedAtOnceMs] = [0, Infinity];
  const isGoingOn = (): boolean => {
    const pastMs = performance.now() - startedAt;
    return pastMs < forMs || (refusedAtOnceMs === Infinity && pastMs < REFUSES_WITHIN_MS);
  };
  const ended = (one: Asked): void => {
    asked.push(one);
    if (one.isPaused && one.ms < AT_ONCE_MS)
      refusedAtOnceMs = Math.min(refusedAtOnceMs, performance.now() - startedAt);
  };
  for (; isGoingOn(); begun += 1) {
    const asker = scene.askers[begun % scene.askers.length];
    // The planes may stop before a question ends.
    if (asker) void ask(scene, asker).then(ended, () => undefined);
    await delay(everyMs);
  }
  return { refusedAtOnceMs, asked: [...asked], waiting: begun - asked.length };
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
  const isPaused = status === 503 && /keeps failing|does not respond/.test(body.detail ?? '');
  return { status, ms: performance.now() - startedAt, isPaused };
}
