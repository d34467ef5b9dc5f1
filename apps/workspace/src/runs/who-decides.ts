import { isRisky } from '../runbooks/runbook';
import { isAtLeast } from '../roles';
import { type User } from '../session';
import { type Run, type RunStep } from './run';

/** Why a user cannot approve a step, as far as the page knows. Null: they can. */
export function whyNotApprove({ role, id }: User, run: Run, { risk }: RunStep): string | null {
  if (!isRisky(risk)) return isAtLeast(role, 'operator') ? null : 'Operators and admins approve this step.';
  if (role !== 'admin') return `Only admins approve steps of ${risk} risk.`;
  return run.requested_by === id ? 'You asked for it, so another admin must approve it.' : null;
}

/** Anybody who may approve such steps may reject one, also their own. */
export function mayReject({ role }: User, { risk }: RunStep): boolean {
  return isAtLeast(role, isRisky(risk) ? 'admin' : 'operator');
}
