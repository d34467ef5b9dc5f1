import { Group, Select, Text } from '@mantine/core';
import { ProblemAlert, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';
import { ButtonLink } from '../links';
import { useMay } from '../session';
import { aiSettings, isAllowed } from '../settings/ai-settings';

const OFFERED = 10;

/** Chooses an incident to analyse, once the AI is allowed. */
export function AskAi() {
  const isAdmin = useMay('admin');
  const settings = useQuery(aiSettings);
  if (settings.error) return <ProblemAlert error={settings.error} />;
  if (!settings.data) return null;
  if (isAllowed(settings.data.stored, 'analysis'))
    return (
      <>
        <ChooseIncident />
        <NeedsProvider />
      </>
    );
  return (
    <>
      <Text size="sm">
        Analyses by AI are not allowed here, because questions leave this workspace.{' '}
        {!isAdmin && 'Ask an admin to allow them.'}
      </Text>
      {isAdmin && (
        <Group>
          <ButtonLink to="/settings/ai" size="xs">
            Allow analyses by AI
          </ButtonLink>
        </Group>
      )}
      <NeedsProvider />
    </>
  );
}

/** The plane learns whether there is a provider only from the answer to a question. */
function NeedsProvider() {
  const isAdmin = useMay('admin');
  return (
    <Text size="sm">
      Your first answer completes this step. Answers come from an AI provider, which is connected by whoever
      runs Atlas for you. If an analysis fails because no provider is configured,{' '}
      {isAdmin ? 'choose “Skip this step”' : 'ask an admin to skip this step'}, and give that as the reason.
    </Text>
  );
}

function ChooseIncident() {
  const [chosen, setChosen] = useState<string | null>(null);
  const { data, error } = useQuery({
    queryKey: ['incidents', 'list', 'newest', OFFERED],
    queryFn: () => bodyOf(api.GET('/api/incidents', { params: { query: { limit: OFFERED } } })),
  });
  const incidents = data?.items ?? [];
  const id = chosen ?? incidents[0]?.id;
  if (error) return <ProblemAlert error={error} />;
  if (!data) return null;
  if (id === undefined)
    return (
      <>
        <Text size="sm">There is no incident to ask about yet.</Text>
        <Group>
          <ButtonLink to="/incidents/new" size="xs">
            Report a test incident
          </ButtonLink>
        </Group>
      </>
    );
  return (
    <Group gap="xs" align="flex-end">
      <Select
        label="Incident"
        size="xs"
        flex="1 1 200px"
        maw={360}
        allowDeselect={false}
        data={incidents.map((one) => ({ value: one.id, label: `${one.number} ${one.title}` }))}
        value={id}
        onChange={setChosen}
      />
      <ButtonLink to="/incidents/$id" params={{ id }} hash="analysis" size="xs">
        Open its analysis
      </ButtonLink>
    </Group>
  );
}
