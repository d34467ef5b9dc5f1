import { Alert, Code, Text } from '@mantine/core';
import { createContext, useContext } from 'react';
import { problemOf } from '../api/problem';

/** The codes of problems that the app shows for the whole page, so that no part of it does. */
export const PageProblems = createContext<readonly string[]>([]);

/** Says what went wrong, what to do, and which reference to quote. */
export function ProblemAlert({ error }: { readonly error: unknown }) {
  const elsewhere = useContext(PageProblems);
  if (!error) return null;
  const { code, title, detail, trace_id: reference } = problemOf(error);
  if (elsewhere.includes(code)) return null;
  return (
    <Alert color="red" title={title} role="alert">
      {detail}
      {reference !== undefined && (
        <Text size="xs" c="dimmed" mt="xs">
          Reference: <Code>{reference}</Code>
        </Text>
      )}
    </Alert>
  );
}
