import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';
import { type Versioned } from '../api/versioned';
import { ProblemAlert } from './problem-alert';

/** Reads what a form is filled from. It is read only once, so that it stays what the user saw. */
export function useFreshRead<Stored>(read: () => Promise<Versioned<Stored>>) {
  return useQuery({
    queryKey: ['form', useId()],
    queryFn: read,
    enabled: ({ state }) => state.data === undefined,
    gcTime: 0,
  });
}

interface FreshlyReadProps<Stored> {
  readonly read: () => Promise<Versioned<Stored>>;
  readonly children: (first: Versioned<Stored>) => ReactNode;
}

/** A form, once what it is filled from is read. */
export function FreshlyRead<Stored>({ read, children }: FreshlyReadProps<Stored>) {
  const { data, error } = useFreshRead(read);
  if (data) return children(data);
  return error ? <ProblemAlert error={error} /> : <Loader aria-label="Loading" size="sm" />;
}
