import { Alert, Code, List, Text } from '@mantine/core';
import { type ComponentType, createContext, useContext } from 'react';
import { type FieldError, type Problem, problemOf, saidOf } from '../api/problem';
import { wordsOf } from './state-badge';

/** The codes of problems that the app shows for the whole page, so that no part of it does. */
export const PageProblems = createContext<readonly string[]>([]);

/** How an app says what certain problems mean, by their codes. */
export const OwnProblems = createContext<
  Readonly<Record<string, ComponentType<{ readonly problem: Problem }>>>
>({});

/** The detail of such a refusal only lists the names that programs use. */
function Faults({ errors }: { readonly errors: readonly FieldError[] }) {
  return (
    <List size="sm">
      {errors.map((error) => (
        <List.Item key={`${error.field} ${error.message}`}>{saidOf(error, labelOf(error.field))}</List.Item>
      ))}
    </List>
  );
}

/** `admin_email` as `Admin email`. */
function labelOf(field: string): string {
  const words = wordsOf(field).replaceAll('.', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Says what went wrong, what to do, and which reference to quote. */
export function ProblemAlert({ error }: { readonly error: unknown }) {
  const elsewhere = useContext(PageProblems);
  const own = useContext(OwnProblems);
  if (!error) return null;
  const { code, title, detail, errors = [], trace_id: reference } = problemOf(error);
  if (elsewhere.includes(code)) return null;
  const Own = own[code];
  if (Own) return <Own problem={problemOf(error)} />;
  return (
    <Alert color="red" title={title} role="alert">
      {errors.length === 0 ? detail : <Faults errors={errors} />}
      {reference !== undefined && (
        <Text size="xs" mt="xs">
          Reference: <Code>{reference}</Code>
        </Text>
      )}
    </Alert>
  );
}
