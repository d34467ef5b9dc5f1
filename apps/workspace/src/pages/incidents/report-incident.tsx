import { Button, Checkbox, Group, Radio, Stack, TextInput, Textarea } from '@mantine/core';
import { Page, ProblemAlert, bodyOf, sendByKey } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { ItemsSelect } from '../../cmdb/item-select';
import {
  LONGEST_TEXT,
  LONGEST_TITLE,
  MOST_ITEMS,
  SEVERITIES,
  SEVERITY_TEXTS,
  type Severity,
} from '../../incidents/incident';
import { useReport } from '../../incidents/report';
import { lengthOf } from '../../incidents/sla';
import { useUser } from '../../session';

const MINUTE_MS = 60_000;

export function ReportIncident() {
  const { id: self } = useUser();
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [severity, setSeverity] = useState<Severity | null>(null);
  const [items, setItems] = useState<string[]>([]);
  const [isMine, setIsMine] = useState(false);
  const [missing, setMissing] = useState<string>();
  const { report, wrong } = useReport();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (severity === null) {
      setMissing('Choose how bad it is.');
      return;
    }
    report.mutate({
      title: title.trim(),
      severity,
      ...(description.trim() && { description }),
      ...(items.length > 0 && { ci_ids: items }),
      ...(isMine && { assignee_id: self }),
    });
  };
  return (
    <Page title="Report an incident" within={[{ to: '/', label: 'Incidents' }]}>
      <Stack component="form" maw={640} onSubmit={submit} onKeyDown={sendByKey}>
        <TextInput
          label="Title"
          required
          autoFocus
          maxLength={LONGEST_TITLE}
          placeholder="Disk is full on web-1"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          error={wrong('title')}
        />
        <Textarea
          label="Description"
          description="What was seen, since when, and what was tried."
          autosize
          minRows={3}
          maxLength={LONGEST_TEXT}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={wrong('description')}
        />
        <SeverityChoice
          value={severity}
          onChange={(chosen) => {
            setSeverity(chosen);
            setMissing(undefined);
          }}
          error={missing ?? wrong('severity')}
        />
        <ItemsSelect
          label="Affected items"
          most={MOST_ITEMS}
          value={items}
          onChange={setItems}
          error={wrong('ci_ids')}
        />
        <Checkbox
          label="Assign it to me"
          checked={isMine}
          onChange={(event) => setIsMine(event.currentTarget.checked)}
        />
        <ProblemAlert error={report.error} />
        <Group>
          <Button type="submit" loading={report.isPending}>
            Report the incident
          </Button>
        </Group>
      </Stack>
    </Page>
  );
}

interface SeverityChoiceProps {
  readonly value: Severity | null;
  readonly onChange: (severity: Severity) => void;
  readonly error?: string;
}

function SeverityChoice({ value, onChange, error }: SeverityChoiceProps) {
  const { data: policy } = useQuery({
    queryKey: ['sla-policy'],
    queryFn: () => bodyOf(api.GET('/api/sla-policy')),
  });
  const targetsOf = (severity: Severity): string | undefined => {
    const targets = policy?.[severity];
    if (!targets) return undefined;
    const response = lengthOf(targets.response_minutes * MINUTE_MS);
    return `respond within ${response}, resolve within ${lengthOf(targets.resolution_minutes * MINUTE_MS)}`;
  };
  return (
    <Radio.Group
      label="Severity"
      required
      value={value}
      onChange={(chosen) => {
        const severity = SEVERITIES.find((one) => one === chosen);
        if (severity) onChange(severity);
      }}
      error={error}
    >
      <Stack gap="xs" mt="xs">
        {SEVERITIES.map((severity) => (
          <Radio
            key={severity}
            value={severity}
            label={severity}
            description={[SEVERITY_TEXTS[severity], targetsOf(severity)].filter(Boolean).join('; ')}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
