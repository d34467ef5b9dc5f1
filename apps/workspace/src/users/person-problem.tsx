import { Alert } from '@mantine/core';
import { ProblemAlert, ProblemError } from '@atlas/web';

/** Why a user was not changed. */
export function PersonProblem({ error, name }: { readonly error: unknown; readonly name: string }) {
  const code = error instanceof ProblemError ? error.problem.code : null;
  if (code === 'last_admin')
    return (
      <Alert color="red" role="alert" title={`${name} is the last active admin`}>
        Make somebody else an admin first.
      </Alert>
    );
  if (code === 'own_role')
    return (
      <Alert color="red" role="alert" title="Nobody changes their own role">
        Another admin must change it.
      </Alert>
    );
  return <ProblemAlert error={error} />;
}
