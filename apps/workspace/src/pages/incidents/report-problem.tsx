import { Button, Group, Radio, Stack, TextInput, Textarea } from '@mantine/core';
import { Page, ProblemAlert, sendByKey } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { LONGEST_TEXT, LONGEST_TITLE, type Severity } from '../../incidents/incident';
import { useReport } from '../../incidents/report';

const EXTENTS: readonly { readonly severity: Severity; readonly label: string }[] = [
  { severity: 'P1', label: 'Nobody can work' },
  { severity: 'P2', label: 'Many people cannot work' },
  { severity: 'P3', label: 'I cannot work' },
  { severity: 'P4', label: 'I can work, but something is wrong' },
  { severity: 'P5', label: 'A question or a small thing' },
];

export function ReportProblem() {
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [severity, setSeverity] = useState<Severity>('P3');
  const { report, wrong } = useReport();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    report.mutate({ title: title.trim(), severity, ...(description.trim() && { description }) });
  };
  return (
    <Page title="Report a problem" within={[{ to: '/', label: 'My reports' }]}>
      <Stack component="form" maw={640} onSubmit={submit} onKeyDown={sendByKey}>
        <TextInput
          label="What is wrong?"
          required
          autoFocus
          maxLength={LONGEST_TITLE}
          placeholder="I cannot print"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          error={wrong('title')}
        />
        <Textarea
          label="Tell us more"
          description="What did you do, and what happened? Since when?"
          autosize
          minRows={3}
          maxLength={LONGEST_TEXT}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={wrong('description')}
        />
        <Radio.Group
          label="How bad is it?"
          value={severity}
          onChange={(value) => {
            const extent = EXTENTS.find((one) => one.severity === value);
            if (extent) setSeverity(extent.severity);
          }}
        >
          <Stack gap="xs" mt="xs">
            {EXTENTS.map((extent) => (
              <Radio key={extent.severity} value={extent.severity} label={extent.label} />
            ))}
          </Stack>
        </Radio.Group>
        <ProblemAlert error={report.error} />
        <Group>
          <Button type="submit" loading={report.isPending}>
            Report the problem
          </Button>
        </Group>
      </Stack>
    </Page>
  );
}
