import { Alert } from '@mantine/core';
import { problemOf } from '../api/problem';
import { ProblemAlert } from './problem-alert';

/** Why somebody was not signed in. */
export function SignInProblem({ error }: { readonly error: unknown }) {
  const { code, detail } = problemOf(error);
  if (error && code === 'invalid_credentials')
    return (
      <Alert color="red" role="alert">
        {detail}
      </Alert>
    );
  if (error && code === 'too_many_attempts')
    return (
      <Alert color="red" role="alert" title="Too many attempts">
        {detail}
      </Alert>
    );
  return <ProblemAlert error={error} />;
}
