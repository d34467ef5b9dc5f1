import { Alert, Button, Checkbox, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm, CopyBlock, Facts, KeyOnce, Page, ProblemAlert, When, bodyOf, isMissing } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { newKeyLines, planeUrl } from '../../agents/install-texts';
import { AgentState, OldKey } from '../../agents/state';
import { AGENTS, type Agent, useAgent } from '../../agents/use-agents';
import { api } from '../../api';
import { PageLink } from '../../links';
import { NoSuch } from '../../no-such';
import { useOnce } from '../../once';
import { LabelsShown } from '../../runbooks/labels';
import { NeedsRole } from '../../needs-role';
import { useMay } from '../../session';

const WITHIN = [{ to: '/agents', label: 'Agents' }];
const REFRESH_MS = 10_000;

/** One agent: how it stands, and its key. */
export function OneAgent() {
  const { id } = useParams({ from: '/signed-in/agents/$id' });
  return (
    <NeedsRole role="operator" title="Agent">
      <Loaded key={id} id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { data: agent, error } = useAgent(id, REFRESH_MS);
  const isAdmin = useMay('admin');
  if (isMissing(error))
    return (
      <NoSuch thing="agent" within={WITHIN}>
        <PageLink to="/agents">Go to the agents</PageLink>
      </NoSuch>
    );
  if (!agent) return <Page title="Agent" within={WITHIN} error={error} isLoading={!error} />;
  return (
    <Page
      title={agent.name}
      within={WITHIN}
      error={error}
      actions={
        isAdmin && (
          <>
            <RotateKey agent={agent} />
            <Delete agent={agent} />
          </>
        )
      }
    >
      <Stack>
        <Lost agent={agent} />
        <About agent={agent} />
      </Stack>
    </Page>
  );
}

function Lost({ agent: { state, last_contact_at: last } }: { readonly agent: Agent }) {
  if (state === 'online') return null;
  if (last === null)
    return (
      <Alert color="gray" title="Not installed yet">
        The agent was never in contact. If you have lost its key, rotate it.
      </Alert>
    );
  return (
    <Alert color="red" title="No contact">
      The last contact was <When at={last} />. Is the service running?{' '}
      <Code>sudo systemctl status atlas-agent</Code>
    </Alert>
  );
}

function About({ agent }: { readonly agent: Agent }) {
  const facts = [
    ['State', <AgentState key="state" agent={agent} />],
    ['Machine', agent.hostname ?? '–'],
    ['Version', agent.version ?? '–'],
    ['Labels', <LabelsShown key="labels" labels={agent.labels} />],
    ['Last contact', <When key="last" at={agent.last_contact_at} />],
    ['Created', <When key="created" at={agent.created_at} />],
    ['Old key is accepted until', <OldKey key="old" agent={agent} />],
  ] as const;
  return <Facts facts={facts} />;
}

function RotateKey({ agent: { id, name } }: { readonly agent: Agent }) {
  const [isOpen, { open, close }] = useDisclosure();
  const [isNow, setIsNow] = useState(false);
  const once = useOnce();
  const queries = useQueryClient();
  const rotate = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/agents/{id}/rotate-key', {
          params: { path: { id } },
          body: { revoke_now: isNow },
          headers: once.headers(),
        }),
      ),
    onSuccess: () => {
      once.done();
      void queries.invalidateQueries({ queryKey: AGENTS });
    },
    onError: once.done,
  });
  const leave = (): void => {
    close();
    rotate.reset();
    setIsNow(false);
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Rotate the key
      </Button>
      <Modal
        opened={isOpen}
        onClose={leave}
        size="lg"
        title={rotate.data ? `The new key of ${name}` : `Rotate the key of ${name}?`}
        // The key must not be lost by a click beside it.
        closeOnClickOutside={!rotate.data}
        closeOnEscape={!rotate.data}
      >
        {rotate.data ? (
          <Stack>
            <KeyOnce value={rotate.data.key} ifLost="Rotate it once more to get another." />
            <Text size="sm">
              Give it to the agent. The step under way ends first. Paste the key when it waits for input, then
              press Enter and Ctrl + D.
            </Text>
            <CopyBlock name="the lines" text={newKeyLines(planeUrl(location))} />
            <Group justify="flex-end">
              <Button onClick={leave}>I have copied the key</Button>
            </Group>
          </Stack>
        ) : (
          <Stack>
            <Text size="sm">
              You get a new key. The old one works for another 24 hours, so the agent keeps running.
            </Text>
            <Checkbox
              label="Refuse the old key at once"
              description="If it has leaked. The agent stops until it has the new key."
              checked={isNow}
              onChange={(event) => setIsNow(event.currentTarget.checked)}
            />
            <ProblemAlert error={rotate.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={leave} data-autofocus>
                Keep the key
              </Button>
              <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
                Rotate the key
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </>
  );
}

function Delete({ agent: { id, name } }: { readonly agent: Agent }) {
  const [isOpen, { open, close }] = useDisclosure();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/agents/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await navigate({ to: '/agents' });
      await queries.invalidateQueries({ queryKey: AGENTS });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" color="red" onClick={open}>
        Delete
      </Button>
      {isOpen && (
        <Confirm
          title={`Delete ${name}?`}
          verb="Delete"
          error={remove.error}
          isPending={remove.isPending}
          onConfirm={remove.mutate}
          onClose={close}
        >
          <Text size="sm">
            Its key stops working at once. A step that it runs ends with an unknown outcome.
          </Text>
        </Confirm>
      )}
    </>
  );
}
