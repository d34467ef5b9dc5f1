import { Alert, Button, Group, Stack, Switch, Text } from '@mantine/core';
import {
  ChangedMeanwhile,
  FormProblem,
  Section,
  type Versioned,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api';
import { LeaveQuestion } from '../leave-question';
import {
  AI_FIELDS,
  type AiChange,
  type AiSettings,
  aiSettings,
  changeOf,
  isSame,
  needsKeyAgain,
  valuesOf,
} from './ai-settings';
import { EndpointFields } from './endpoint-fields';
import { FeatureSwitch } from './feature-switch';

interface AiFormProps {
  readonly first: Versioned<AiSettings>;
  readonly onKeepTheirs: () => void;
}

const KEY_AGAIN = 'The address names another server now. Enter the key again, or remove it.';

/** What an AI may be asked for, and an AI of the tenant's own. */
export function AiForm({ first, onKeepTheirs }: AiFormProps) {
  const [base, setBase] = useState(() => valuesOf(first.stored));
  const [entered, setEntered] = useState(base);
  const [isKeyMissing, setKeyMissing] = useState(false);
  const client = useQueryClient();
  const saving = useCarefulSave({
    first,
    shownOf: ({ features, own_endpoint: own }) => ({ features, own }),
    save: (body: AiChange, header) => versionedOf(api.PUT('/api/ai/settings', { params: { header }, body })),
    onSaved: (stored, etag) => {
      client.setQueryData(aiSettings.queryKey, { stored, etag });
      setBase(valuesOf(stored));
      setEntered(valuesOf(stored));
    },
  });
  const { theirs } = saving;
  // What a save replaces. Which key is stored is not entered here.
  const before = theirs ? valuesOf(theirs) : base;
  const values = { ...entered, hasKey: before.hasKey };
  const problem = wrongOf(saving.error);
  const wrong = (field: string): string | undefined =>
    field === 'api_key' && isKeyMissing ? KEY_AGAIN : (problem(`own_endpoint.${field}`) ?? problem(field));
  const isChanged = !isSame(before, values);
  const change = (part: Partial<typeof values>): void => {
    setEntered({ ...entered, ...part });
    setKeyMissing(false);
    if (saving.isSaved || saving.isError) saving.reset();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isMissing = needsKeyAgain(values, before);
    setKeyMissing(isMissing);
    if (!isMissing) saving.mutate(changeOf(values, before));
  };
  return (
    <Stack component="form" gap="xl" onSubmit={submit}>
      <Section title="What it may be asked for">
        <FeatureSwitch
          feature="analysis"
          module="ai_analysis"
          label="Analyses of incidents"
          about="Possible causes of an incident, and what supports them, for everybody who works on it."
          isOn={values.analysis}
          onChange={(analysis) => change({ analysis })}
        />
        <FeatureSwitch
          feature="runbook_draft"
          module="ai_runbook_drafts"
          label="Drafts of runbooks"
          about="Steps against an incident. Operators read and change them before they are saved."
          isOn={values.runbook_draft}
          onChange={(draft) => change({ runbook_draft: draft })}
        />
      </Section>
      <Section title="An AI of your own">
        <Switch
          label="Use an AI of your own"
          description="One that you run or pay for yourself. It gets the same questions."
          checked={values.isOwn}
          onChange={(event) => change({ isOwn: event.currentTarget.checked })}
        />
        {values.isOwn && <EndpointFields values={values} onChange={change} wrong={wrong} />}
        {before.isOwn && !values.isOwn && (
          <Text size="sm">Your own AI is removed when you save, and its key is deleted.</Text>
        )}
      </Section>
      <Stack gap="sm">
        {theirs && (
          <ChangedMeanwhile
            name="The AI"
            fields={AI_FIELDS}
            theirs={before}
            yours={values}
            onKeepTheirs={onKeepTheirs}
          />
        )}
        <FormProblem error={saving.error} />
        {saving.isSaved && (
          <Alert color="green" role="status">
            Saved.
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={saving.isPending} disabled={!isChanged && !theirs}>
            {theirs ? 'Save mine' : 'Save'}
          </Button>
          {isChanged && (
            <>
              <Button
                variant="default"
                disabled={saving.isPending}
                onClick={() => change({ ...before, key: undefined })}
              >
                Undo my changes
              </Button>
              <Text size="sm">Your changes are not saved yet.</Text>
            </>
          )}
        </Group>
      </Stack>
      <LeaveQuestion isUnsaved={() => isChanged && !saving.isPending} />
    </Stack>
  );
}
