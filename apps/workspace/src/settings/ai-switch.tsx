import { Badge, Button, Group, Text } from '@mantine/core';
import { Confirm, type Versioned, useCarefulSave, versionedOf } from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';
import { useMay } from '../session';
import { type AiChange, type AiSettings, aiSettings, whereTo } from './ai-settings';
import { WhatLeaves } from './what-leaves';

interface AiSwitchProps {
  readonly seen: Versioned<AiSettings>;
}

/** The switch for everything that an AI may do. */
export function AiSwitch({ seen }: AiSwitchProps) {
  const isAdmin = useMay('admin');
  /** What the open question is about. It stays the same if somebody else changes the settings. */
  const [asked, setAsked] = useState<Versioned<AiSettings>>();
  const isOn = seen.stored.allow_control_plane;
  return (
    <Group>
      <Badge variant="light" size="lg" tt="none" color={isOn ? 'green' : 'gray'}>
        {isOn ? 'AI is on' : 'AI is off'}
      </Badge>
      {isAdmin && (
        <Button size="xs" variant="default" onClick={() => setAsked(seen)}>
          {isOn ? 'Switch AI off' : 'Switch AI on'}
        </Button>
      )}
      {asked && <Question seen={asked} onClose={() => setAsked(undefined)} />}
    </Group>
  );
}

interface QuestionProps extends AiSwitchProps {
  readonly onClose: () => void;
}

function Question({ seen, onClose }: QuestionProps) {
  const client = useQueryClient();
  // Whoever was faster has set the same.
  const change = useCarefulSave({
    first: seen,
    shownOf: ({ allow_control_plane: isOn }) => isOn,
    save: (body: AiChange, header) => versionedOf(api.PUT('/api/ai/settings', { params: { header }, body })),
    onSaved: (stored, etag) => {
      client.setQueryData(aiSettings.queryKey, { stored, etag });
      onClose();
    },
  });
  const isOn = seen.stored.allow_control_plane;
  const verb = isOn ? 'Switch AI off' : 'Switch AI on';
  return (
    <Confirm
      title={`${verb}?`}
      verb={verb}
      color={isOn ? 'red' : 'indigo'}
      error={change.error}
      isPending={change.isPending}
      onConfirm={() => change.mutate({ allow_control_plane: !isOn })}
      onClose={onClose}
    >
      {isOn ? (
        <Text size="sm">
          Nobody can ask any AI any more, and answers that are being written end. What you allow for each
          feature, and your own AI, stay as they are for the next time.
        </Text>
      ) : (
        <>
          <Text size="sm">
            Everybody who works on incidents can then ask for what you allow below. Each question leaves this
            workspace: it goes to {whereTo(seen.stored)}.
          </Text>
          <WhatLeaves />
        </>
      )}
    </Confirm>
  );
}
