import { Alert } from '@mantine/core';
import { codeOf } from '../api/problem';
import { ProblemAlert } from './problem-alert';

/** Why a form was refused. What is wrong with its fields stands beside them. */
export function FormProblem({ error }: { readonly error: unknown }) {
  if (codeOf(error) === 'validation_failed')
    return (
      <Alert color="red" role="alert" title="Nothing was saved">
        Correct the fields that are marked, then try again.
      </Alert>
    );
  return <ProblemAlert error={error} />;
}
