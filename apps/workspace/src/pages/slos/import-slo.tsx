import { Alert, Button, FileInput, Group, Stack, Textarea } from '@mantine/core';
import { Page, bodyOf, codeOf, problemOf, sendByKey } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { useOnce } from '../../once';
import { SloProblem } from '../../slos/slo-problem';
import { NeedsModule } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';

const TITLE = 'Import OpenSLO';
const LONGEST_DOCUMENT = 65_536;
const OPENSLO_CODES: readonly (string | null)[] = ['openslo_invalid', 'openslo_unsupported'];

export function ImportSlo() {
  return (
    <NeedsRole role="operator" title={TITLE}>
      <NeedsModule module="slos" title={TITLE}>
        <Form />
      </NeedsModule>
    </NeedsRole>
  );
}

function useImport() {
  const once = useOnce();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (document: string) =>
      bodyOf(api.POST('/api/slos/import', { body: { document }, headers: once.headers() })),
    onSuccess: async ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['slos', 'list'] });
      await navigate({ to: '/slos/$id', params: { id } });
    },
    onError: once.done,
  });
}

function Form() {
  const [text, setText] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const [fileProblem, setFileProblem] = useState<string>();
  const read = useImport();
  const choose = async (chosen: File | null): Promise<void> => {
    setFile(chosen);
    setFileProblem(undefined);
    if (chosen === null) return;
    const content = await chosen.text();
    if (content.length > LONGEST_DOCUMENT)
      setFileProblem('This file is too long. A document has at most 64 KiB.');
    else setText(content);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    read.mutate(text);
  };
  // These say which line or field of the document is wrong.
  const isDocumentWrong = OPENSLO_CODES.includes(codeOf(read.error));
  return (
    <Page
      title={TITLE}
      within={[{ to: '/slos', label: 'SLOs' }]}
      about="Adds an objective from an OpenSLO v1 document. Atlas says so if it cannot keep a part of it."
    >
      <Stack component="form" maw={760} onSubmit={submit} onKeyDown={sendByKey}>
        <FileInput
          label="File"
          description="Or paste the document below."
          placeholder="Choose a YAML file"
          accept=".yaml,.yml,application/yaml"
          clearable
          value={file}
          onChange={(chosen) => void choose(chosen)}
          error={fileProblem}
        />
        <Textarea
          label="Document"
          required
          autosize
          minRows={12}
          maxRows={18}
          maxLength={LONGEST_DOCUMENT}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          placeholder={'apiVersion: openslo/v1\nkind: SLO\n…'}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {isDocumentWrong ? (
          <Alert color="red" role="alert" title="The document cannot be imported">
            {problemOf(read.error).detail}
          </Alert>
        ) : (
          <SloProblem error={read.error} />
        )}
        <Group>
          <Button type="submit" loading={read.isPending}>
            Import it
          </Button>
        </Group>
      </Stack>
    </Page>
  );
}
