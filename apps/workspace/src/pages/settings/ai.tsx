import { Alert, Badge, Button, Group, List, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm, Page, bodyOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../api';
import { NeedsRole } from '../../needs-role';
import { plane } from '../../plane';
import { useMay } from '../../session';

const KEY = ['ai', 'settings'];

/** Whether an AI may read incidents. */
export function Ai() {
  return (
    <NeedsRole role="fulfiller" title="AI">
      <AiPage />
    </NeedsRole>
  );
}

function AiPage() {
  const isAdmin = useMay('admin');
  const [isAsking, { open, close }] = useDisclosure();
  const { data: about } = useQuery(plane);
  const { data, error, isPending } = useQuery({
    queryKey: KEY,
    queryFn: () => bodyOf(api.GET('/api/ai/settings')),
  });
  const isOn = data?.allow_control_plane === true;
  return (
    <Page
      title="AI"
      about="An AI can analyse an incident, if somebody who works on it asks."
      error={error}
      isLoading={isPending}
    >
      {data && (
        <Stack maw={640}>
          <Group>
            <Badge variant="light" size="lg" tt="none" color={isOn ? 'green' : 'gray'}>
              {isOn ? 'AI is on' : 'AI is off'}
            </Badge>
            {isAdmin && (
              <Button size="xs" variant="default" onClick={open}>
                {isOn ? 'Switch AI off' : 'Switch AI on'}
              </Button>
            )}
          </Group>
          <Text size="sm">
            {isOn
              ? 'Questions go to the AI through the Control Plane of Atlas. Whoever asks sees the answer.'
              : 'Nothing is sent to an AI.'}
          </Text>
          <WhatLeaves />
          {isOn && about?.control_plane.reachable === false && (
            <Alert color="orange" role="status">
              The Control Plane cannot be reached now, so there are no answers.
            </Alert>
          )}
          {!isAdmin && (
            <Text size="sm" c="dimmed">
              An admin can change this.
            </Text>
          )}
        </Stack>
      )}
      {isAsking && <Question isOn={isOn} onClose={close} />}
    </Page>
  );
}

/** In step with the plane's ai/analysis-prompt.ts. */
function WhatLeaves() {
  return (
    <div>
      <Text size="sm" fw={600}>
        What an analysis sends
      </Text>
      <List size="sm">
        <List.Item>The title, description, severity, state and time of that incident</List.Item>
        <List.Item>Known forms of secrets are removed before</List.Item>
        <List.Item>Nothing else leaves: no notes, no users, no configuration items</List.Item>
      </List>
    </div>
  );
}

interface QuestionProps {
  readonly isOn: boolean;
  readonly onClose: () => void;
}

function Question({ isOn, onClose }: QuestionProps) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => bodyOf(api.PUT('/api/ai/settings', { body: { allow_control_plane: !isOn } })),
    onSuccess: (settings) => {
      client.setQueryData(KEY, settings);
      onClose();
    },
  });
  const verb = isOn ? 'Switch AI off' : 'Switch AI on';
  return (
    <Confirm
      title={`${verb}?`}
      verb={verb}
      color={isOn ? 'red' : 'indigo'}
      error={change.error}
      isPending={change.isPending}
      onConfirm={change.mutate}
      onClose={onClose}
    >
      {isOn ? (
        <Text size="sm">Nobody can ask the AI any more, and analyses that are running end.</Text>
      ) : (
        <>
          <Text size="sm">
            Everybody who works on incidents can then ask the AI. Each question leaves this workspace through
            the Control Plane.
          </Text>
          <WhatLeaves />
        </>
      )}
    </Confirm>
  );
}
