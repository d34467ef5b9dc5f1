import { Alert, Group, Stack, Stepper, Text, Title, useMatches } from '@mantine/core';
import { Page, Section, When, isMissing } from '@atlas/web';
import { useSearch } from '@tanstack/react-router';
import { type Incident, STATUSES, type Status, isOpen } from '../../../incidents/incident';
import { isMiss, timelineTextOf } from '../../../incidents/timeline-text';
import { useIncident } from '../../../incidents/use-incident';
import { type TimelineItem, useTimeline } from '../../../incidents/use-timeline';
import { WORDS } from '../../../incidents/words';
import { PageLink } from '../../../links';
import { useUser } from '../../../session';

const REFRESH_MS = 10_000;
const WITHIN = [{ to: '/', label: 'My reports' }];
const STEPS: readonly { readonly label: string; readonly statuses: readonly Status[] }[] = [
  { label: 'Received', statuses: ['triggered', 'open'] },
  { label: 'Seen', statuses: ['acknowledged'] },
  { label: 'Being worked on', statuses: ['investigating'] },
  { label: 'Solved', statuses: ['resolved'] },
  { label: 'Closed', statuses: ['closed'] },
];

/** What became of a requester's own report. */
export function ReportPage({ id }: { readonly id: string }) {
  const { data: report, error } = useIncident(id, REFRESH_MS);
  if (isMissing(error))
    return (
      <Page title="No such report" within={WITHIN}>
        <Text>
          You can only see problems that you reported. <PageLink to="/">Go to my reports</PageLink>
        </Text>
      </Page>
    );
  if (!report) return <Page title="Report" within={WITHIN} error={error} isLoading={!error} />;
  return <Shown report={report} error={error} />;
}

function Shown({ report, error }: { readonly report: Incident; readonly error: unknown }) {
  const { reported } = useSearch({ from: '/signed-in/incidents/$id' });
  const { id, number, title, description, resolution_notes: notes, created_at: at, sla } = report;
  return (
    <Page title={title} within={WITHIN} error={error}>
      <Stack maw={720}>
        {reported === true && (
          <Alert color="green" role="status">
            Thank you. We have received it as {number}.
          </Alert>
        )}
        <Text size="sm" c="dimmed">
          {number}, reported <When at={at} />
        </Text>
        <Text fw={600}>{newsOf(report)}</Text>
        {isOpen(report) && sla && sla.status !== 'resolution_breached' && (
          <Text size="sm">
            We expect to solve it <When at={sla.resolution_due_at} />.
          </Text>
        )}
        <Progress report={report} />
        {notes && <Passage title="How it was solved" text={notes} />}
        {description && <Passage title="What you told us" text={description} />}
        <Title order={2} size="h5">
          What happened
        </Title>
        <History id={id} />
        <Text size="sm" c="dimmed">
          To add something, <PageLink to="/incidents/new">report it again</PageLink> and name {number}.
        </Text>
      </Stack>
    </Page>
  );
}

const NEWS: Readonly<Record<Status, string>> = {
  triggered: 'We have received it. Nobody has looked at it yet.',
  open: 'We have received it. Nobody has looked at it yet.',
  acknowledged: 'Somebody has seen it and will work on it.',
  investigating: 'Somebody is working on it.',
  resolved: 'We think that it is solved. If it is not, report it again.',
  closed: 'It is solved and closed. If the problem comes back, report it again.',
};

/** What the state of a report means to its reporter. */
function newsOf(report: Incident): string {
  const isLate = isOpen(report) && report.sla?.status === 'resolution_breached';
  return isLate ? `${NEWS[report.status]} It takes longer than planned.` : NEWS[report.status];
}

function Progress({ report: { status } }: { readonly report: Incident }) {
  const orientation = useMatches<'vertical' | 'horizontal'>({ base: 'vertical', md: 'horizontal' });
  const active = STEPS.findIndex(({ statuses }) => statuses.includes(status));
  return (
    // The step of the current state is done, too: something was received, seen or solved.
    <Stepper active={active + 1} size="xs" orientation={orientation} aria-label="Progress">
      {STEPS.map(({ label }, index) => (
        <Stepper.Step
          key={label}
          label={label}
          allowStepSelect={false}
          aria-current={index === active ? 'step' : undefined}
        />
      ))}
    </Stepper>
  );
}

function Passage({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <Section title={title}>
      <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text}</Text>
    </Section>
  );
}

function History({ id }: { readonly id: string }) {
  const { items } = useTimeline(id, REFRESH_MS);
  return (
    <Stack gap="xs">
      {items.filter(isForReporter).map((item) => (
        <Entry key={item.id} item={item} />
      ))}
    </Stack>
  );
}

/** The rest is how the team works. */
function isForReporter({ kind }: TimelineItem): boolean {
  return kind === 'created' || kind === 'status';
}

function Entry({ item }: { readonly item: TimelineItem }) {
  const { id: self } = useUser();
  return (
    <Group gap="xs" align="baseline" wrap="nowrap">
      <Text size="xs" c="dimmed" w={110} flex="none">
        <When at={item.at} />
      </Text>
      <Text size="sm">
        <b>{item.by === self ? 'You' : 'Our team'}</b> {textOf(item)}
      </Text>
    </Group>
  );
}

function textOf(item: TimelineItem): string {
  if (item.kind === 'created') return 'Reported it';
  const status = STATUSES.find((one) => one === item.data['to']);
  return status && !isMiss(item) ? WORDS[status] : timelineTextOf(item, () => 'Our team');
}
