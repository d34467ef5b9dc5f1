import { Alert, List, Stack, Text } from '@mantine/core';
import { FreshlyRead, Page, Section } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { NeedsRole } from '../../needs-role';
import { plane } from '../../plane';
import { useMay } from '../../session';
import { AiForm } from '../../settings/ai-form';
import { type AiSettings, aiSettings, isAllowed, readAiSettings, whereTo } from '../../settings/ai-settings';
import { AiSwitch } from '../../settings/ai-switch';
import { WhatLeaves } from '../../settings/what-leaves';

/** Whether an AI may read incidents, and which. */
export function Ai() {
  return (
    <NeedsRole role="fulfiller" title="AI">
      <AiPage />
    </NeedsRole>
  );
}

function AiPage() {
  const isAdmin = useMay('admin');
  const { data, error, isPending } = useQuery(aiSettings);
  return (
    <Page
      title="AI"
      about="An AI can analyse an incident and draft a runbook, if somebody who works on it asks."
      error={data ? undefined : error}
      isLoading={isPending}
    >
      {data && (
        <Stack maw={640} gap="xl">
          <Stack>
            <AiSwitch seen={data} />
            <WhereTo settings={data.stored} />
            <WhatLeaves />
          </Stack>
          {isAdmin ? <Form /> : <Allowed settings={data.stored} />}
        </Stack>
      )}
    </Page>
  );
}

function WhereTo({ settings }: { readonly settings: AiSettings }) {
  const { data: about } = useQuery(plane);
  const { allow_control_plane: isOn, features, own_endpoint: own } = settings;
  const isNothingAllowed = Object.values(features).every((state) => state === 'deny');
  return (
    <>
      <Text size="sm">
        {isOn && !isNothingAllowed
          ? `Questions go to ${whereTo(settings)}. Whoever asks sees the answer.`
          : 'Nothing is sent to an AI.'}
        {isOn && isNothingAllowed && ' AI is on, but nothing that it may be asked for is allowed yet.'}
      </Text>
      {about?.deployment.model === 'on_prem' && (
        <Text size="sm">
          This workspace runs in your own network, and questions leave it. So AI, and each feature, starts as
          denied until an admin allows it.
        </Text>
      )}
      {isOn && own?.use !== 'only' && about?.control_plane.reachable === false && (
        <Alert color="orange" role="status">
          The Control Plane cannot be reached now.{' '}
          {own === null ? 'So there are no answers.' : 'Your own AI answers instead.'}
        </Alert>
      )}
    </>
  );
}

function Form() {
  const [version, setVersion] = useState(0);
  // The form is filled only when it is new.
  return (
    <FreshlyRead key={version} read={readAiSettings}>
      {(first) => <AiForm first={first} onKeepTheirs={() => setVersion(version + 1)} />}
    </FreshlyRead>
  );
}

/** What the admins have decided, for everybody else. */
function Allowed({ settings }: { readonly settings: AiSettings }) {
  const stateOf = (feature: keyof AiSettings['features']): string =>
    isAllowed(settings, feature) ? 'allowed' : 'not allowed';
  return (
    <Section title="What it may be asked for">
      <List size="sm">
        <List.Item>Analyses of incidents: {stateOf('analysis')}</List.Item>
        <List.Item>Drafts of runbooks: {stateOf('runbook_draft')}</List.Item>
      </List>
      <Text size="sm" c="dimmed">
        An admin can change this.
      </Text>
    </Section>
  );
}
