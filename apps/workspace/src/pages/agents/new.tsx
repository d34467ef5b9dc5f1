import { Button, Group, Stack, TextInput } from '@mantine/core';
import { Page, ProblemAlert, ProblemError, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Install } from '../../agents/install';
import { AGENTS } from '../../agents/use-agents';
import { api } from '../../api';
import { ButtonLink } from '../../links';
import { useOnce } from '../../once';
import { type PairDraft } from '../../runbooks/draft';
import { FullNotice } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { PairsField } from '../../runbooks/pairs-field';

const WITHIN = [{ to: '/agents', label: 'Agents' }];
const LONGEST_NAME = 200;

/** Creates an agent and says how to install it. */
export function NewAgent() {
  return (
    <NeedsRole role="admin" title="Add an agent">
      <Add />
    </NeedsRole>
  );
}

function Add() {
  const create = useCreate();
  const { data } = create;
  if (!data)
    return (
      <Page
        title="Add an agent"
        within={WITHIN}
        about="One agent for each machine. You get its key, and the lines to install it."
      >
        <FullNotice limit="agents" />
        <Form create={create} />
      </Page>
    );
  const { agent, key } = data;
  return (
    <Page
      title={`Install ${agent.name}`}
      within={WITHIN}
      actions={
        <ButtonLink to="/agents/$id" params={{ id: agent.id }} variant="default">
          Go to the agent
        </ButtonLink>
      }
    >
      <Install id={agent.id} agentKey={key} />
    </Page>
  );
}

interface NewOne {
  readonly name: string;
  readonly labels?: Record<string, string>;
}

function useCreate() {
  const once = useOnce();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewOne) => bodyOf(api.POST('/api/agents', { body, headers: once.headers() })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: AGENTS }),
    onError: once.done,
  });
}

function Form({ create }: { readonly create: ReturnType<typeof useCreate> }) {
  const [name, setName] = useState('');
  const [pairs, setPairs] = useState<readonly PairDraft[]>([]);
  const { error } = create;
  const problem = error instanceof ProblemError ? error.problem : null;
  const wrongName = error instanceof ProblemError ? error.byField['name'] : undefined;
  const wrongLabels = problem?.code === 'invalid_labels' ? problem.detail : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const given = pairs.filter((pair) => pair.name !== '' || pair.value !== '');
    const labels = Object.fromEntries(given.map((pair) => [pair.name, pair.value]));
    create.mutate({ name, ...(given.length > 0 && { labels }) });
  };
  return (
    <Stack component="form" maw={640} onSubmit={submit}>
      <TextInput
        label="Name"
        required
        autoFocus
        maxLength={LONGEST_NAME}
        placeholder="web-1"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={wrongName}
      />
      <PairsField
        label="Labels"
        one="label"
        description="Shell steps choose agents by labels. If you give none, the agent’s own count."
        pairs={pairs}
        onChange={setPairs}
        error={wrongLabels}
      />
      {wrongLabels === undefined && <ProblemAlert error={error} />}
      <Group>
        <Button type="submit" loading={create.isPending}>
          Add the agent
        </Button>
      </Group>
    </Stack>
  );
}
