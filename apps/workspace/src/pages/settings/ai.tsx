import { Alert, Badge, Button, Group, List, Stack, Text } from '@mantine/core';
import {
  Confirm,
  Page,
  type TenantPlaneSchemas,
  type Versioned,
  useCarefulSave,
  versionedOf,
} from '@atlas/web';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { NeedsRole } from '../../needs-role';
import { plane } from '../../plane';
import { useMay } from '../../session';
import { aiSettings, isAiOn } from '../../settings/ai-settings';

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
  /** What the open question is about. It stays the same if somebody else changes the settings. */
  const [asked, setAsked] = useState<QuestionProps['seen']>();
  const { data: about } = useQuery(plane);
  const { data, error, isPending } = useQuery(aiSettings);
  const isOn = data !== undefined && isAiOn(data.stored);
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
              <Button size="xs" variant="default" onClick={() => setAsked(data)}>
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
      {asked && <Question seen={asked} onClose={() => setAsked(undefined)} />}
    </Page>
  );
}

/** In step with the plane's ai/facts-message.ts and ai/redaction.ts. */
function WhatLeaves() {
  return (
    <div>
      <Text size="sm" fw={600}>
        What an analysis sends
      </Text>
      <List size="sm">
        <List.Item>The incident, its latest timeline, its alerts and its configuration items</List.Item>
        <List.Item>
          Placeholders instead of names of users and hosts, and of email and IP addresses. The plane puts them
          back into the answer
        </List.Item>
        <List.Item>Known forms of secrets are removed before</List.Item>
      </List>
    </div>
  );
}

const OFF = { allow_control_plane: false };
const ON = { allow_control_plane: true, features: { analysis: 'allow' } } as const;

interface QuestionProps {
  readonly seen: Versioned<TenantPlaneSchemas['schemas']['AiSettingsView']>;
  readonly onClose: () => void;
}

function Question({ seen, onClose }: QuestionProps) {
  const client = useQueryClient();
  // Whoever was faster has set the same.
  const change = useCarefulSave({
    first: seen,
    save: (body: TenantPlaneSchemas['schemas']['ChangeAiSettingsDto'], header) =>
      versionedOf(api.PUT('/api/ai/settings', { params: { header }, body })),
    onSaved: (stored, etag) => {
      client.setQueryData(aiSettings.queryKey, { stored, etag });
      onClose();
    },
  });
  const isOn = isAiOn(seen.stored);
  const verb = isOn ? 'Switch AI off' : 'Switch AI on';
  return (
    <Confirm
      title={`${verb}?`}
      verb={verb}
      color={isOn ? 'red' : 'indigo'}
      error={change.error}
      isPending={change.isPending}
      onConfirm={() => change.mutate(isOn ? OFF : ON)}
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
