import { Alert, Text } from '@mantine/core';
import { ProblemAlert, ProblemError, stateText } from '@atlas/web';
import { PageLink } from '../links';
import { useMay } from '../session';
import { type Run } from './run';

interface DecisionProblemProps {
  readonly error: unknown;
  readonly run: Run;
}

/** The same decision would be refused again. */
const FINAL: readonly string[] = [
  'own_approval',
  'step_not_waiting',
  'run_ended',
  'run_not_failed',
  'run_secrets_deleted',
];

export function isFinal(error: unknown): boolean {
  return error instanceof ProblemError && FINAL.includes(error.problem.code);
}

/** Why nothing was decided, and what to do instead. */
export function DecisionProblem({ error, run }: DecisionProblemProps) {
  if (!(error instanceof ProblemError)) return <ProblemAlert error={error} />;
  const { code, detail, ...extra } = error.problem;
  switch (code) {
    case 'own_approval':
      return <OwnApproval others={Number(extra['other_approvers'])} />;
    case 'step_not_waiting':
      return <Faster now={`The step is now ${stateText(String(extra['step_status']))}.`} />;
    case 'run_ended':
    case 'run_not_failed':
      return <Faster now={`The run is now ${stateText(String(extra['run_status']))}.`} />;
    case 'run_secrets_deleted':
      return (
        <Alert color="orange" role="alert" title="The secret values are gone">
          They were deleted when the run ended.{' '}
          <PageLink
            size="sm"
            to="/runbooks/$id/run"
            params={{ id: run.runbook_id }}
            search={{ from: run.id, ...(run.incident_id !== null && { incident_id: run.incident_id }) }}
          >
            Start a new run
          </PageLink>
        </Alert>
      );
    case 'forbidden':
      return (
        <Alert color="orange" role="alert" title="Your role does not allow this">
          {detail}
        </Alert>
      );
    default:
      return <ProblemAlert error={error} />;
  }
}

function Faster({ now }: { readonly now: string }) {
  return (
    <Alert color="orange" role="alert" title="Somebody else was faster">
      {now}
    </Alert>
  );
}

function OwnApproval({ others }: { readonly others: number }) {
  const isAdmin = useMay('admin');
  return (
    <Alert color="orange" role="alert" title="Somebody else must approve it">
      <Text size="sm">
        You asked for this step, and its risk is high or critical.{' '}
        {others > 0 ? (
          `${others === 1 ? '1 other admin' : `${others} other admins`} can approve it.`
        ) : (
          <>
            No other admin can approve it.{' '}
            {isAdmin ? (
              <PageLink to="/users" size="sm">
                Invite one
              </PageLink>
            ) : (
              'Ask an admin to invite one.'
            )}
          </>
        )}
      </Text>
    </Alert>
  );
}
