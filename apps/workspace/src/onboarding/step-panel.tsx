import { Accordion, Badge, Group, Spoiler, Stack, Text } from '@mantine/core';
import { When } from '@atlas/web';
import { useMay } from '../session';
import { EvidenceLink } from './evidence-link';
import { NextAction } from './next-action';
import { SkipStep } from './skip-step';
import { type Step } from './use-checklist';

/** Why each step matters. Steps of a newer plane have only their hint. */
const WHY: Readonly<Record<string, string>> = {
  connect_data: 'Atlas can show what an outage affects only if it knows what you run.',
  monitoring: 'Alerts become incidents automatically, so nobody has to watch a screen.',
  slos: 'An SLO (service level objective) says how often a service must work. Atlas warns in time.',
  runbook: 'A runbook does the usual remedy in the same way every time, with approvals where it is risky.',
  ai: 'The AI reads an incident and suggests causes and next steps.',
};

const MARKS = {
  done: { sign: '✓', text: 'Done', color: 'green' },
  skipped: { sign: '–', text: 'Skipped', color: 'gray' },
  pending: { sign: '○', text: 'To do', color: 'blue' },
} as const;

interface StepPanelProps {
  readonly step: Step;
  readonly number: number;
}

export function StepPanel({ step, number }: StepPanelProps) {
  const { sign, text, color } = MARKS[step.status];
  return (
    <Accordion.Item value={step.key}>
      <Accordion.Control>
        <Group justify="space-between" pr="sm" gap="xs">
          <Text fw={600}>
            {number}. {step.title}
          </Text>
          <Badge variant="light" color={color} tt="none" leftSection={<span aria-hidden>{sign}</span>}>
            {text}
          </Badge>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="sm" align="flex-start">
          <Result step={step} />
          {step.status !== 'done' && <ToDo step={step} />}
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

/** What became of the step, if anything did. */
function Result({ step: { status, evidence, skip_reason: reason } }: { readonly step: Step }) {
  if (status === 'skipped') return <Text size="sm">Skipped: {reason ?? 'no reason was given.'}</Text>;
  if (status === 'pending' || !evidence) return null;
  return (
    <Text size="sm">
      Done <When at={evidence.at} />: <EvidenceLink evidence={evidence} />
    </Text>
  );
}

function ToDo({ step }: { readonly step: Step }) {
  const isAdmin = useMay('admin');
  const { key, status, hint } = step;
  return (
    <>
      {WHY[key] !== undefined && <Text size="sm">{WHY[key]}</Text>}
      <NextAction step={key} />
      {status === 'pending' && isAdmin && <SkipStep step={step} />}
      <WithApi hint={hint} />
    </>
  );
}

/** The hint of the plane names API calls. */
function WithApi({ hint }: { readonly hint: string }) {
  return (
    <Spoiler
      maxHeight={0}
      showLabel="With the API"
      hideLabel="Hide"
      styles={{ control: { fontSize: 'var(--mantine-font-size-sm)' } }}
    >
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {hint}
      </Text>
    </Spoiler>
  );
}
