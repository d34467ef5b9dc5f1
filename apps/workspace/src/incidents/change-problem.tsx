import { Alert } from '@mantine/core';
import { ProblemAlert, ProblemError, wordsOf } from '@atlas/web';
import { type Status } from './incident';

interface ChangeProblemProps {
  readonly error: unknown;
  /** The state of the incident now. */
  readonly status: Status;
}

export function ChangeProblem({ error, status }: ChangeProblemProps) {
  const code = error instanceof ProblemError ? error.problem.code : null;
  if (code === 'invalid_transition')
    return (
      <Alert color="orange" role="alert" title="Somebody else was faster">
        The incident is now {wordsOf(status)}.
      </Alert>
    );
  return <ProblemAlert error={error} />;
}
