import { Alert, Button, Code, FileInput, Group, Progress, Stack, Text } from '@mantine/core';
import { ProblemAlert, ProblemError, Section, bodyOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api, every } from '../api';
import { PageLink } from '../links';
import { ImportResult } from './import-result';
import { sizeText } from './size-text';
import { type Import as ImportView, uploadArchive } from './upload';

const REFRESH_MS = 2000;

/** Brings the data of another workspace into an empty one. */
export function Import() {
  const { import: id } = useSearch({ from: '/signed-in/deployment' });
  return (
    <Section title="Import">
      <Stack maw={640}>
        <Text size="sm">
          Only into a workspace without data. Either everything in the archive is imported, or nothing.
        </Text>
        {id === undefined ? <UploadForm /> : <Followed id={id} />}
      </Stack>
    </Section>
  );
}

function UploadForm() {
  const [file, setFile] = useState<File | null>(null);
  const [percent, setPercent] = useState(0);
  const aborter = useRef<AbortController>(null);
  const navigate = useNavigate({ from: '/deployment' });
  const client = useQueryClient();
  const upload = useMutation({
    mutationFn: (archive: File) => {
      const controller = new AbortController();
      aborter.current = controller;
      setPercent(0);
      return uploadArchive({ file: archive, signal: controller.signal, onProgress: setPercent });
    },
    onSuccess: async (started) => {
      client.setQueryData(keyOf(started.id), started);
      await navigate({ search: { import: started.id }, replace: true });
    },
  });
  useWarning(upload.isPending);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (file) upload.mutate(file);
  };
  const isStopped = upload.error?.name === 'AbortError';
  return (
    <Stack component="form" onSubmit={submit} gap="sm">
      <FileInput
        label="Archive"
        description="A file that an export has made, with a name that ends in .tar.gz"
        placeholder="Choose a file"
        accept=".gz,.tgz,application/gzip"
        clearable
        disabled={upload.isPending}
        value={file}
        onChange={setFile}
      />
      {upload.isPending && file && (
        <div role="status">
          <Text size="sm">
            {percent < 100
              ? `${Math.floor(percent)} % of ${sizeText(file.size)} is sent. Keep this page open.`
              : 'All is sent. It is being checked.'}
          </Text>
          <Progress value={percent} aria-label="Sent" />
        </div>
      )}
      {isStopped ? <Text size="sm">Stopped. Nothing was imported.</Text> : <Refusal error={upload.error} />}
      <Group>
        <Button type="submit" disabled={!file} loading={upload.isPending}>
          Import
        </Button>
        {upload.isPending && (
          <Button variant="default" onClick={() => aborter.current?.abort()}>
            Stop
          </Button>
        )}
      </Group>
    </Stack>
  );
}

/** Asks before the page is left while a file is being sent. */
function useWarning(isSending: boolean): void {
  useEffect(() => {
    if (!isSending) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isSending]);
}

/** A refusal may name the import that is in the way. */
function Refusal({ error }: { readonly error: unknown }) {
  if (!(error instanceof ProblemError)) return <ProblemAlert error={error} />;
  const { code, detail, trace_id: reference, import_id: id } = error.problem;
  return (
    <Alert color="red" role="alert" title="Nothing was imported">
      <Text size="sm">
        {code === 'archive_foreign'
          ? 'This file is not an archive that an export has made. Choose the file as it was downloaded.'
          : detail}
      </Text>
      {typeof id === 'string' && (
        <PageLink to="/deployment" search={{ import: id }} size="sm">
          Show that import
        </PageLink>
      )}
      {reference !== undefined && (
        <Text size="xs" c="dimmed" mt="xs">
          Reference: <Code>{reference}</Code>
        </Text>
      )}
    </Alert>
  );
}

function keyOf(id: string): readonly [string, string] {
  return ['imports', id];
}

function Followed({ id }: { readonly id: string }) {
  const client = useQueryClient();
  const { data, error } = useQuery({
    queryKey: keyOf(id),
    queryFn: () => bodyOf(api.GET('/api/imports/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state: { data: known } }) =>
      known === undefined || known.status === 'running' ? every(REFRESH_MS)() : false,
  });
  const isReady = data?.status === 'ready';
  useEffect(() => {
    if (!isReady) return;
    // Everything that was loaded before is out of date, except this and what only says how the plane is.
    const isKept = (name: unknown): boolean => name === 'imports' || name === 'control-plane-checks';
    void client.invalidateQueries({ predicate: ({ queryKey: [name] }) => !isKept(name) });
  }, [isReady, client]);
  return (
    <>
      {error && (
        <Alert color="orange" role="alert">
          There is no such import, or you may not see it.
        </Alert>
      )}
      {data && <State of={data} />}
      {(error || data?.status !== 'running') && (
        <Group>
          <PageLink to="/deployment" search={{}} size="sm">
            Import another archive
          </PageLink>
        </Group>
      )}
    </>
  );
}

function State({ of }: { readonly of: ImportView }) {
  if (of.status === 'running')
    return (
      <div role="status">
        <Text size="sm">The archive is being verified and stored. You may leave this page.</Text>
        <Progress value={100} animated aria-label="Importing" />
      </div>
    );
  return <ImportResult of={of} />;
}
