import { type Figure, all, atMost, below, measured, moreThan, none, tallyOf } from '../figures';
import { askWhileItHangs, awaitReturn, type AiLoad } from '../hanging/ai-load';
import { type CoreCall, coreCalls } from '../hanging/core-load';
import { type Scene, open } from '../hanging/scene';
import { type Proof, type ProofSize, countBy } from '../proof';

const SIZES = {
  // There is no time to wait for the suspicion. The breaker opens instead.
  small: {
    rounds: 1,
    tenants: 1,
    everyMs: 100,
    forMs: 1500,
    settings: { AI_FIRST_TOKEN_TIMEOUT_MS: '300', AI_BREAKER_COOL_DOWN_MS: '500' },
  },
  full: { rounds: 6, tenants: 8, everyMs: 200, forMs: 8000, settings: {} },
};
const REFUSES_WITHIN_SECONDS = 5;
const BACK_WITHIN_SECONDS = 10;

/**
 * The AI provider accepts every question and never answers. Core calls of both planes stay as fast as they
 * are without AI.
 *
 * Users of real tenants ask through their tenant plane. Rounds with and without their questions take turns,
 * in changing order, so that other load of the machine affects both alike. After each round with questions,
 * the provider answers again. At the full size, all settings have their defaults, so questions that the
 * provider has left aside go on waiting for up to a minute (ADR 35).
 *
 * To see it fail: in `ProviderGates.refusalOf`, leave out the suspicion.
 */
export const proof: Proof = {
  goal:
    'an AI provider that hangs: p99 of core calls of both planes <= 1.5 times their p99 without AI, ' +
    'questions are refused at once <= 5 s after the first, and are answered again once it returns',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const size = SIZES[context.size];
    const scene = await open(context, size.tenants, size.settings);
    try {
      const rounds: Round[] = [];
      for (let n = 0; n < size.rounds; n += 1) {
        rounds.push(await round(scene, size, n % 2 === 0));
        context.progress(`round ${n + 1}: ${describe(rounds.at(-1))}`);
      }
      return figuresOf(rounds, context.size === 'full');
    } finally {
      await scene.provider.stop();
    }
  },
};

interface Round {
  readonly without: readonly CoreCall[];
  readonly beside: readonly CoreCall[];
  readonly ai: AiLoad;
  readonly backMs: number;
}

async function round(scene: Scene, size: (typeof SIZES)[ProofSize], isFirstWithout: boolean): Promise<Round> {
  const alone = (): Promise<CoreCall[]> => coreCalls(scene, size.forMs);
  const before = isFirstWithout ? await alone() : [];
  const [ai, beside] = await Promise.all([askWhileItHangs(scene, size), alone()]);
  const backMs = await awaitReturn(scene);
  return { without: isFirstWithout ? before : await alone(), beside, ai, backMs };
}

function figuresOf(rounds: readonly Round[], isFull: boolean): Figure[] {
  const [without, beside] = [rounds.flatMap((one) => one.without), rounds.flatMap((one) => one.beside)];
  const asked = rounds.flatMap(({ ai }) => ai.asked);
  const core = [...without, ...beside];
  const failed = core.filter(({ status }) => status >= 400).map(({ what, status }) => `${what}: ${status}`);
  const opened = Math.max(...rounds.map(({ ai }) => ai.refusedAtOnceMs)) / 1000;
  const ratio = medianOf(rounds.map((one) => p99Of(one.beside) / p99Of(one.without)));
  return [
    // A few calls say nothing about the slowest ones.
    isFull
      ? atMost('p99 of core calls, relative to without AI (median)', ratio, 1.5)
      : measured('p99 of core calls, relative to without AI (median)', ratio),
    isFull
      ? atMost('time from the first question to a refusal at once', opened, REFUSES_WITHIN_SECONDS, 's')
      : below('time from the first question to a refusal at once', opened, Infinity, 's'),
    atMost(
      'time to answers again',
      Math.max(...rounds.map(({ backMs }) => backMs)) / 1000,
      BACK_WITHIN_SECONDS,
      's',
    ),
    none('core calls that failed', failed),
    all(
      'questions that were refused while it hung',
      asked.filter(({ status }) => status === 503).length,
      asked.length,
    ),
    moreThan('core calls beside AI', beside.length, 0),
    measured('p99 without AI', p99Of(without), 'ms'),
    measured(
      'questions that still waited',
      rounds.reduce((sum, { ai }) => sum + ai.waiting, 0),
    ),
    measured('responses to questions', tallyOf(countBy(asked, ({ status }) => status))),
  ];
}

function p99Of(calls: readonly CoreCall[]): number {
  const sorted = calls.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? NaN;
}

/** Other load of the machine may affect one side of a round, but not one side of most rounds. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [lower, upper] = [sorted[(sorted.length - 1) >> 1] ?? NaN, sorted[sorted.length >> 1] ?? NaN];
  return (lower + upper) / 2;
}

function describe(one?: Round): string {
  if (!one) return '';
  const { without, beside, ai, backMs } = one;
  return (
    `p99 ${p99Of(without).toFixed(1)} ms without and ${p99Of(beside).toFixed(1)} ms beside AI, refused at ` +
    `once after ${(ai.refusedAtOnceMs / 1000).toFixed(1)} s, back after ${(backMs / 1000).toFixed(1)} s`
  );
}
