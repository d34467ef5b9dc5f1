import { type SessionView, type TenantView, type TestStack } from '@atlas/testing';
import { atLeast, atMost, exactly, measured, none, tallyOf } from '../figures';
import { type Answer, type Caller, Load } from '../overloading/load';
import { type Proof, countBy } from '../proof';

const SIZES = { small: { peakMs: 600, overloadMs: 1500 }, full: { peakMs: 15_000, overloadMs: 60_000 } };
/** Enough callers to keep a process busy without a pause. */
const CALLERS_AT_PEAK = 32;
const TIMES = 5;
const QUIET_PAUSE_MS = 50;
const RECOVERED_AFTER_CALLS = 10;

/**
 * One tenant first makes as many calls as the plane can answer, then five times as many, whatever is
 * answered. Meanwhile, other tenants make a call now and then.
 *
 * To see it fail: have `Admission.onModuleInit` add no hook.
 */
export const proof: Proof = {
  goal:
    'five times the load for 60 s: at least 80 % of the peak is answered, p99 of quiet tenants at most 2 ' +
    'times that at the peak, recovery within 10 s',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, served, progress }) {
    const { peakMs, overloadMs } = SIZES[size];
    const { stack } = await served();
    const noisy = await callerOf(stack, 'noisy');
    const quiet = [await callerOf(stack, 'quiet-1'), await callerOf(stack, 'quiet-2')];
    await using load = new Load(stack.tenantPlanes[0]?.url ?? '');
    const beside = async (ms: number, work: (until: AbortSignal) => Promise<Answer[]>) => {
      const until = AbortSignal.timeout(ms);
      const [theirs, ...others] = await Promise.all([
        work(until),
        ...quiet.map((caller) => load.steady(caller, 1, until, QUIET_PAUSE_MS)),
      ]);
      return { theirs, quiet: others.flat() };
    };
    const peak = await beside(peakMs, (until) => load.steady(noisy, CALLERS_AT_PEAK, until));
    const peakPerSecond = (answered(peak.theirs) / peakMs) * 1000;
    progress(`peak: ${peakPerSecond.toFixed(0)} calls/s, quiet p99 ${p99Of(peak.quiet).toFixed(0)} ms`);
    const over = await beside(overloadMs, (until) => load.relentless(noisy, TIMES * peakPerSecond, until));
    const overPerSecond = (answered(over.theirs) / overloadMs) * 1000;
    progress(`overload: ${overPerSecond.toFixed(0)} calls/s, quiet p99 ${p99Of(over.quiet).toFixed(0)} ms`);
    const recoveryMs = await timeToRecover(load, [noisy, ...quiet], 2 * p99Of(peak.quiet));
    const refused = over.theirs.filter(({ status }) => status >= 400);
    const ratios = {
      load: ((over.theirs.length / overloadMs) * 1000) / peakPerSecond,
      goodput: overPerSecond / peakPerSecond,
      quiet: p99Of(over.quiet) / p99Of(peak.quiet),
    };
    return [
      none(
        'calls of quiet tenants that fail',
        over.quiet.filter(({ status }) => status >= 400).map(describe),
      ),
      exactly('refusals of any other kind', refused.filter(({ code }) => code !== 'overloaded').length, 0),
      ...(size === 'full'
        ? [
            atLeast('calls under overload, relative to the peak', ratios.load, 0.9 * TIMES),
            atLeast('answered under overload, relative to the peak', ratios.goodput, 0.8),
            atMost('p99 of quiet tenants, relative to the peak', ratios.quiet, 2),
            atMost('recovery', recoveryMs / 1000, 10, 's'),
          ]
        : [measured('answered under overload, relative to the peak', ratios.goodput)]),
      measured('answers', tallyOf(countBy(over.theirs, ({ status }) => status))),
      measured('peak', peakPerSecond, 'calls/s'),
      measured('p99 of quiet tenants at the peak', p99Of(peak.quiet), 'ms'),
    ];
  },
};

function describe({ status, code }: Answer): string {
  return `${status} ${code}`;
}

function answered(answers: readonly Answer[]): number {
  return answers.filter(({ status }) => status < 400).length;
}

function p99Of(answers: readonly Answer[]): number {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

async function callerOf(stack: TestStack, slug: string): Promise<Caller> {
  const { tenant } = await stack.tenantWithAdmin(slug);
  const session = await sessionOf(stack, tenant);
  return { tenant: slug, session };
}

async function sessionOf(stack: TestStack, { slug }: TenantView): Promise<string> {
  const login = { email: `admin@${slug}.example.com`, password: 'correct horse battery staple' };
  const { body } = await stack.tenant<SessionView>(slug, '/api/auth/token', { body: login });
  return body.token;
}

/** Until ten calls in a row work and are fast. */
async function timeToRecover(load: Load, callers: readonly Caller[], fastMs: number): Promise<number> {
  const endedAt = performance.now();
  let good = 0;
  for (let turn = 0; good < RECOVERED_AFTER_CALLS && performance.now() - endedAt < 60_000; turn += 1) {
    const { status, ms } = await load.call(callers[turn % callers.length] as Caller);
    good = status < 400 && ms <= fastMs ? good + 1 : 0;
  }
  return performance.now() - endedAt;
}
