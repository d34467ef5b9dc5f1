import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core';
import {
  ChangedMeanwhile,
  type FieldTexts,
  FreshlyRead,
  Page,
  ProblemAlert,
  type Versioned,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { SEVERITIES } from '../../incidents/incident';
import { SeverityName } from '../../incidents/severity';
import { NeedsRole } from '../../needs-role';
import { useMay } from '../../session';
import { type Policy, TARGETS, formOf, policyOf } from '../../settings/policy';
import { SpanInput } from '../../settings/span-input';
import { spanText } from '../../settings/spans';

const TITLE = 'Response times';
const HEADINGS = ['Severity', 'Respond within', 'Resolve within'];

/** How soon incidents must be responded to and resolved. */
export function ResponseTimes() {
  return (
    <NeedsRole role="fulfiller" title={TITLE}>
      <PolicyPage />
    </NeedsRole>
  );
}

function PolicyPage() {
  const isAdmin = useMay('admin');
  const [version, setVersion] = useState(0);
  return (
    <Page
      title={TITLE}
      about="How soon somebody must acknowledge an incident and solve it. These times apply to
        incidents that are reported from now on."
    >
      <FreshlyRead key={version} read={() => versionedOf(api.GET('/api/sla-policy'))}>
        {(first) =>
          isAdmin ? (
            <PolicyForm first={first} onKeepTheirs={() => setVersion(version + 1)} />
          ) : (
            <PolicyTable policy={first.stored} />
          )
        }
      </FreshlyRead>
    </Page>
  );
}

function PolicyTable({ policy }: { readonly policy: Policy }) {
  return (
    <>
      <Table maw={560} mb="sm">
        <Headings />
        <Table.Tbody>
          {SEVERITIES.map((severity) => (
            <Table.Tr key={severity}>
              <Table.Th scope="row">
                <SeverityName severity={severity} />
              </Table.Th>
              {TARGETS.map((target) => (
                <Table.Td key={target}>{spanText(policy[severity][`${target}_minutes`])}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed">
        An admin can change them.
      </Text>
    </>
  );
}

function Headings() {
  return (
    <Table.Thead>
      <Table.Tr>
        {HEADINGS.map((name) => (
          <Table.Th key={name}>{name}</Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

interface PolicyFormProps {
  readonly first: Versioned<Policy>;
  readonly onKeepTheirs: () => void;
}

function PolicyForm({ first, onKeepTheirs }: PolicyFormProps) {
  const policy = first.stored;
  const [form, setForm] = useState(() => formOf(policy));
  const saving = useCarefulSave({
    first,
    save: (body: Policy, header) => versionedOf(api.PUT('/api/sla-policy', { params: { header }, body })),
  });
  const { theirs } = saving;
  const wrong = wrongOf(saving.error);
  const entered = policyOf(form);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (entered) saving.mutate(entered);
  };
  return (
    <Stack component="form" maw={640} onSubmit={submit}>
      <Table.ScrollContainer minWidth={320}>
        <Table>
          <Headings />
          <Table.Tbody>
            {SEVERITIES.map((severity) => (
              <Table.Tr key={severity}>
                <Table.Th scope="row" w={80}>
                  <SeverityName severity={severity} />
                </Table.Th>
                {TARGETS.map((target) => (
                  <Table.Td key={target} valign="top">
                    <SpanInput
                      label={labelOf(severity, target)}
                      value={form[severity][target]}
                      onChange={(span) => {
                        setForm({ ...form, [severity]: { ...form[severity], [target]: span } });
                        if (saving.isSaved) saving.reset();
                      }}
                      error={wrong(`${severity}.${target}_minutes`)}
                    />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {entered && <Doubts policy={entered} />}
      {theirs && (
        <ChangedMeanwhile
          name="This policy"
          fields={FIELDS}
          theirs={theirs}
          yours={entered ?? policy}
          onKeepTheirs={onKeepTheirs}
        />
      )}
      <ProblemAlert error={saving.error} />
      {saving.isSaved && (
        <Alert color="green" role="status">
          Saved. Incidents that are open already keep their times.
        </Alert>
      )}
      <Group>
        <Button type="submit" loading={saving.isPending} disabled={!entered}>
          {theirs ? 'Save mine' : 'Save'}
        </Button>
        {!entered && <Text size="sm">Enter every time first.</Text>}
      </Group>
    </Stack>
  );
}

/** A time to respond that is longer than the one to resolve is odd, but possible. */
function Doubts({ policy }: { readonly policy: Policy }) {
  const odd = SEVERITIES.filter(
    (severity) => policy[severity].response_minutes > policy[severity].resolution_minutes,
  );
  if (odd.length === 0) return null;
  return (
    <Alert color="orange" role="status">
      {odd.join(', ')}: the time to respond is longer than the time to resolve. Is that what you mean?
    </Alert>
  );
}

const FIELDS: FieldTexts<Policy> = SEVERITIES.flatMap((severity) =>
  TARGETS.map(
    (target) =>
      [
        labelOf(severity, target),
        (policy: Policy) => spanText(policy[severity][`${target}_minutes`]),
      ] as const,
  ),
);

function labelOf(severity: (typeof SEVERITIES)[number], target: (typeof TARGETS)[number]): string {
  return `${severity}, ${target === 'response' ? 'respond' : 'resolve'} within`;
}
