import { profileOf } from '@atlas/deployment-profiles';
import { type TestStack } from '@atlas/testing';
import { type Proof, type ProofContext } from '../proof';

const MOMENTS = ['before', 'after-effect', 'after-record'] as const;
const BACK_WITHIN_MS = 30_000;

/** R18. The Control Plane is killed at every edge of every step: after a restart the tenant is there, once. */
export const CRASH_MATRIX: Proof = {
  name: 'crash-matrix',
  goal: 'kill -9 at every step edge, restart: 0 stuck, 0 doubles, back within 30 s (models built so far: shared)',
  databases: ['sqlite', 'postgres'],
  // On Postgres a dead worker's lease runs for 15 s.
  smallOn: ['sqlite'],
  async run(context) {
    const edges = edgesFor(context);
    const { stack } = await context.served();
    const failures: string[] = [];
    let slowestMs = 0;
    for (const edge of edges) {
      const outcome = await killAt(stack, edge).catch((error: Error) => ({ problem: error.message, ms: 0 }));
      if (outcome.problem) failures.push(`${edge}: ${outcome.problem}`);
      slowestMs = Math.max(slowestMs, outcome.ms);
      context.progress(
        `${edge}: ${outcome.problem ?? `active ${Math.round(outcome.ms / 100) / 10} s after the restart`}`,
      );
    }
    const figure = `${edges.length} edges: ${edges.length - failures.length} recovered with one tenant, slowest ${(slowestMs / 1000).toFixed(1)} s ${failures.join('; ')}`;
    return { figure, isGood: failures.length === 0 && slowestMs < BACK_WITHIN_MS };
  },
};

function edgesFor({ size }: ProofContext): string[] {
  const { steps } = profileOf('shared').provisioning;
  const all = steps.flatMap((step) => MOMENTS.map((moment) => `provision/${step}/${moment}`));
  return size === 'full' ? all : all.filter((edge) => edge.includes('write-desired-state/after-effect'));
}

async function killAt(stack: TestStack, edge: string): Promise<{ problem?: string; ms: number }> {
  const slug = `crash-${edge.split('/').slice(1).join('-')}`.slice(0, 40).replace(/-$/, '');
  await stack.controlPlane.end('SIGKILL');
  const doomed = await stack.startControlPlane({ ATLAS_FAULT_POINT: `${edge}:kill` });
  const accepted = await stack.provision(slug).catch(() => undefined);
  // A step that waits is never recorded as done before its report: its last edges come after it.
  await doomed.exited;
  const startedAt = Date.now();
  await stack.startControlPlane();
  const tenant = await stack.awaitActive(slug, BACK_WITHIN_MS);
  const ms = Date.now() - startedAt;
  const jobs = await stack.api<{ items: { status: string }[] }>(
    `/api/provisioning-jobs?tenant_id=${tenant.id}`,
  );
  const isOnce = jobs.body.items.length === 1 && jobs.body.items[0]?.status === 'succeeded';
  if (!isOnce) return { problem: `jobs: ${JSON.stringify(jobs.body.items)}`, ms };
  if (accepted && accepted.body.tenant.id !== tenant.id)
    return { problem: 'another tenant than was accepted', ms };
  return { ms };
}
