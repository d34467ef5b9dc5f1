/** A refusal that every tenant of a proof gets, so that the route writes nothing. */
interface Refusal {
  readonly status: number;
  readonly why: string;
}

/**
 * The routes that a proof cannot have write. The proofs call them anyway and expect exactly this refusal, so
 * a reason that no longer applies makes them fail.
 */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  'POST /api/ai/incidents/:id/analysis': { status: 503, why: 'the Control Plane has no AI provider' },
  'POST /api/ai/incidents/:id/runbook-draft': { status: 503, why: 'the Control Plane has no AI provider' },
  'POST /api/moves/consent': { status: 409, why: 'no move waits for a consent' },
  'POST /api/entitlements/lease': { status: 409, why: 'the Control Plane sends the leases' },
  'POST /api/auth/register': { status: 403, why: 'users are invited' },
};

export function refusalOf(name: string): Refusal | undefined {
  return REFUSALS[name];
}

/** The routes that cannot write here, and the reasons. */
export function reasonsNotToWrite(): string[] {
  return Object.entries(REFUSALS).map(([name, { why }]) => `${name}: ${why}`);
}
