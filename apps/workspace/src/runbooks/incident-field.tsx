import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';

const TYPING_MS = 300;
const OFFERED = 20;

interface IncidentFieldProps {
  readonly value: string | undefined;
  readonly onChange: (id: string | undefined) => void;
}

/** The incident that a run belongs to. */
export function IncidentField({ value, onChange }: IncidentFieldProps) {
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), TYPING_MS);
  const { data } = useQuery({
    queryKey: ['incidents', 'choice', q],
    queryFn: () =>
      bodyOf(api.GET('/api/incidents', { params: { query: { limit: OFFERED, ...(q !== '' && { q }) } } })),
    placeholderData: (old) => old,
  });
  const chosen = useQuery({
    queryKey: ['incidents', 'one', value],
    queryFn: () => bodyOf(api.GET('/api/incidents/{id}', { params: { path: { id: value ?? '' } } })),
    enabled: value !== undefined,
  });
  const offered = (data?.items ?? []).filter(({ id }) => id !== value);
  const known = chosen.data ? [chosen.data, ...offered] : offered;
  const options = known.map(({ id, number, title }) => ({ value: id, label: `${number} ${title}` }));
  const isUnknown = value !== undefined && !chosen.data;
  return (
    <Select
      label="Incident"
      description="Its timeline shows when the run starts and ends."
      placeholder="None"
      searchable
      clearable
      // The plane has searched already.
      filter={({ options: all }) => all}
      nothingFoundMessage="No such incident."
      data={isUnknown ? [{ value, label: value }, ...options] : options}
      value={value ?? null}
      onChange={(id) => onChange(id ?? undefined)}
      onSearchChange={(typed) => setText(options.some(({ label }) => label === typed) ? '' : typed)}
      error={chosen.isError ? 'There is no such incident, or you may not see it.' : undefined}
    />
  );
}
