import { approvalTextOf, usePolicy } from './autonomy';
import { type Risk, type StepKind } from './runbook';

/** What the policy does with such a step. */
export function ApprovalText({ kind, risk }: { readonly kind: StepKind; readonly risk: Risk }) {
  const { data } = usePolicy();
  return approvalTextOf(kind, risk, data) ?? null;
}
