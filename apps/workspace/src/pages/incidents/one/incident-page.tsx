import { Grid, Group, Stack, Text } from '@mantine/core';
import { Page, Section, StateBadge, When, isMissing } from '@atlas/web';
import { AiAnalysis } from '../../../ai/analysis';
import { DRAFT_PART } from '../../../ai/kept-draft';
import { RunbookDraft } from '../../../ai/runbook-draft';
import { useChangeIncident, useIncident } from '../../../incidents/use-incident';
import { type Incident, isOpen } from '../../../incidents/incident';
import { nextStepOf } from '../../../incidents/next-step';
import { useScrollToPart } from '../../../incidents/parts';
import { ChangeProblem } from '../../../incidents/change-problem';
import { SeverityBadge } from '../../../incidents/severity';
import { PageLink } from '../../../links';
import { NoSuch } from '../../../no-such';
import { useMay } from '../../../session';
import { useNamesInside } from '../../../people';
import { Alerts } from './alerts';
import { Assignment } from './assignment';
import { EditDescription } from './edit-description';
import { Items } from './items';
import { NoteForm } from './note-form';
import { Runs } from './runs';
import { SlaClock } from './sla-clock';
import { StateButtons } from './state-buttons';
import { Timeline } from './timeline';

const REFRESH_MS = 5000;
const WITHIN = [{ to: '/', label: 'Incidents' }];
const SOURCES = { manual: 'a person', alert: 'an alert', slo: 'an SLO', api: 'a program' } as const;

export function IncidentPage({ id }: { readonly id: string }) {
  const { data: incident, error } = useIncident(id, REFRESH_MS);
  if (isMissing(error))
    return (
      <NoSuch thing="incident" within={WITHIN}>
        <PageLink to="/">Go to the incidents</PageLink>
      </NoSuch>
    );
  if (!incident) return <Page title="Incident" within={WITHIN} error={error} isLoading={!error} />;
  return <Shown incident={incident} error={error} />;
}

function Shown({ incident, error }: { readonly incident: Incident; readonly error: unknown }) {
  const change = useChangeIncident(incident);
  useScrollToPart();
  const mayWriteRunbooks = useMay('operator');
  const { id, number, title, status, severity } = incident;
  return (
    <Page
      title={`${number} ${title}`}
      within={WITHIN}
      error={error}
      actions={<EditDescription incident={incident} />}
    >
      <Stack gap="sm" mb="md">
        <Group gap="xs">
          <SeverityBadge severity={severity} />
          <StateBadge state={status} />
          <Opened incident={incident} />
        </Group>
        <Text fw={600}>{nextStepOf(incident)}</Text>
        <StateButtons incident={incident} change={change} />
        <ChangeProblem error={change.error} status={status} />
      </Stack>
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            <Description incident={incident} />
            <Section title="Timeline">
              <Timeline id={id} />
              <NoteForm id={id} />
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="lg">
            <Section title="Service level">
              <SlaClock incident={incident} />
            </Section>
            <Section title="Severity and assignee">
              <Assignment incident={incident} change={change} />
            </Section>
            <Section title="Affected items">
              <Items incident={incident} />
            </Section>
            <Section title="Alerts">
              <Alerts id={id} />
            </Section>
            <Section title="Runs">
              <Runs id={id} />
            </Section>
            <Section title="AI analysis" id="analysis">
              <AiAnalysis id={id} />
            </Section>
            {mayWriteRunbooks && (
              <Section title="Runbook draft by AI" id={DRAFT_PART}>
                <RunbookDraft id={id} />
              </Section>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Opened({ incident }: { readonly incident: Incident }) {
  const nameOf = useNamesInside();
  const { source, created_by: by, created_at: at } = incident;
  return (
    <Text size="sm" c="dimmed">
      Reported by {by ? nameOf(by) : SOURCES[source]} <When at={at} />
    </Text>
  );
}

function Description({ incident }: { readonly incident: Incident }) {
  const { description, resolution_notes: notes, root_cause: cause } = incident;
  const isAgain = isOpen(incident);
  return (
    <>
      {description && <Passage title="Description" text={description} />}
      {notes && <Passage title={isAgain ? 'Earlier resolution' : 'Resolution'} text={notes} />}
      {cause && <Passage title={isAgain ? 'Earlier root cause' : 'Root cause'} text={cause} />}
    </>
  );
}

function Passage({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <Section title={title}>
      <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text}</Text>
    </Section>
  );
}
