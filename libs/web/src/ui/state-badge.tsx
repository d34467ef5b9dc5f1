import './state-badge.css';

/** The colour says how urgent a state is, the text says which it is. */
const COLORS: Readonly<Record<string, 'red' | 'orange' | 'blue' | 'green'>> = {
  // Something is wrong.
  failed: 'red',
  offline: 'red',
  incompatible: 'red',
  firing: 'red',
  triggered: 'red',
  breached: 'red',
  failing: 'red',
  version_too_new: 'red',
  version_unsupported: 'red',
  two_copies: 'red',
  P1: 'red',
  // Somebody has to act soon.
  suspended: 'orange',
  degraded: 'orange',
  behind: 'orange',
  past_due: 'orange',
  late: 'orange',
  grace: 'orange',
  outdated: 'orange',
  given_up: 'red',
  refused: 'red',
  unreachable: 'red',
  deprovisioning: 'orange',
  deprovisioned: 'orange',
  erasing: 'orange',
  erasing_stopped: 'orange',
  not_restorable: 'orange',
  must_enrol_again: 'orange',
  stopped: 'orange',
  trying_again: 'orange',
  open: 'orange',
  outcome_unknown: 'orange',
  awaiting_approval: 'orange',
  waiting_approval: 'orange',
  waiting_manual: 'orange',
  P2: 'orange',
  // It is under way, and nobody has to act.
  queued: 'blue',
  running: 'blue',
  waiting: 'blue',
  undoing: 'blue',
  provisioning: 'blue',
  restoring: 'blue',
  acknowledged: 'blue',
  investigating: 'blue',
  expected: 'blue',
  P3: 'blue',
  // Nothing is left to do.
  succeeded: 'green',
  done: 'green',
  active: 'green',
  online: 'green',
  ok: 'green',
  enrolled: 'green',
  resolved: 'green',
  complete: 'green',
  works: 'green',
  counts: 'green',
  valid: 'green',
  paid: 'green',
  enabled: 'green',
  delivered: 'green',
  reachable: 'green',
};

/** What to say where the words of the API would need an explanation. */
const TEXTS: Readonly<Record<string, string>> = {
  waiting_approval: 'needs approval',
  waiting_manual: 'needs a person',
  pending: 'not started',
  expected: 'not enrolled',
};

/** A state of the API, such as `awaiting_approval`. */
export function StateBadge({ state }: { readonly state: string }) {
  const color = `--mantine-color-${COLORS[state] ?? 'gray'}-light`;
  return (
    <span className="atlas-badge" style={{ color: `var(${color}-color)`, background: `var(${color})` }}>
      {stateText(state)}
    </span>
  );
}

/** A state as its badge says it. */
export function stateText(state: string): string {
  return TEXTS[state] ?? wordsOf(state);
}

/** `awaiting_approval` as text. */
export function wordsOf(name: string): string {
  return name.replaceAll(/[_-]/g, ' ');
}
