import { Accordion, Alert, Anchor, Paper, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Page, Section } from '@atlas/web';
import { useState } from 'react';
import { HINT_TITLES } from '../../deployment/hint-titles';
import { NeedsRole } from '../../needs-role';
import { PageLink } from '../../links';
import { StepPanel } from '../../onboarding/step-panel';
import { type Checklist, type Deployment, useChecklist } from '../../onboarding/use-checklist';

/** What is left to do in a new workspace, and what comes next. */
export function Onboarding() {
  return (
    <NeedsRole role="fulfiller" title="Get started">
      <GetStarted />
    </NeedsRole>
  );
}

function GetStarted() {
  const { data, error } = useChecklist();
  return (
    <Page
      title="Get started"
      about="Steps complete automatically, as soon as what they ask for is there."
      error={error}
      isLoading={!data && !error}
    >
      {data && (
        <Stack gap="xl">
          <Overall checklist={data} />
          <Steps steps={data.steps} />
          <ThisDeployment deployment={data.deployment} />
        </Stack>
      )}
    </Page>
  );
}

function Overall({ checklist: { progress, steps } }: { readonly checklist: Checklist }) {
  const { completed, total } = progress;
  const isSkipped = steps.some(({ status }) => status === 'skipped');
  const percent = total === 0 ? 0 : (100 * completed) / total;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600} role="status">
        {completed} of {total} done
      </Text>
      <Progress value={percent} color="green" aria-label="Steps that are done" maw={480} />
      {completed === total && (
        <Alert color="green" title={isSkipped ? 'Every step is done or skipped' : 'Everything is connected'}>
          <PageLink to="/">Go to the incidents</PageLink>
        </Alert>
      )}
    </Stack>
  );
}

/** The first step that is left is open, until somebody chooses. */
function Steps({ steps }: Pick<Checklist, 'steps'>) {
  const [chosen, setChosen] = useState<string | null>();
  const next = steps.find(({ status }) => status === 'pending')?.key ?? null;
  return (
    <Accordion
      variant="contained"
      order={2}
      value={chosen === undefined ? next : chosen}
      onChange={setChosen}
    >
      {steps.map((step, index) => (
        <StepPanel key={step.key} step={step} number={index + 1} />
      ))}
    </Accordion>
  );
}

/** What holds where this workspace runs. */
function ThisDeployment({ deployment: { profile, hints } }: { readonly deployment: Deployment }) {
  return (
    <Section title={`This deployment: ${profile}`}>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {hints.map(({ kind, text, doc }) => (
          <Paper key={kind} withBorder p="md">
            <Stack gap="xs" h="100%">
              <Title order={3} size="h6">
                {HINT_TITLES[kind]}
              </Title>
              <Text size="sm" flex={1}>
                {text}
              </Text>
              <Anchor href={doc} size="sm" aria-label={`Guide: ${HINT_TITLES[kind]}`}>
                Guide
              </Anchor>
            </Stack>
          </Paper>
        ))}
      </SimpleGrid>
    </Section>
  );
}
