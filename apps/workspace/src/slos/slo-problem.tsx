import { Alert } from '@mantine/core';
import { FormProblem, codeOf } from '@atlas/web';

const TEXTS: Readonly<Record<string, readonly [title: string, text: string]>> = {
  address_not_allowed: [
    'This address cannot be asked',
    'Only addresses on the public internet can be asked. Send events instead, or use your own deployment.',
  ],
  credential_missing: ['The address has changed', 'Type the secret values again, or remove the headers.'],
};

/** Why an objective was refused. */
export function SloProblem({ error }: { readonly error: unknown }) {
  const known = TEXTS[codeOf(error) ?? ''];
  if (!known) return <FormProblem error={error} />;
  const [title, text] = known;
  return (
    <Alert color="red" role="alert" title={title}>
      {text}
    </Alert>
  );
}
