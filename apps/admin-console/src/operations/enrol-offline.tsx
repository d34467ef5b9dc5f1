import { Alert, Button, FileInput, Group, Stack, Text } from '@mantine/core';
import { type ControlPlaneSchemas, ProblemAlert, Section, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api';
import { forgetLists } from '../jobs/use-job';
import { Download } from '../parts/download';
import { PlaneLink } from '../parts/links';
import { type Tenant } from '../parts/types';

type RequestFile = ControlPlaneSchemas['schemas']['EnrolRequestFile'];

/** Enrols a plane that has no connection: the customer's request file in, the answer file out. */
export function EnrolOffline({ tenant }: { readonly tenant: Tenant }) {
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [isOdd, setOdd] = useState(false);
  const enrol = useMutation({
    mutationFn: async (body: RequestFile) => {
      const answer = await bodyOf(api.POST('/api/tenant-planes/enroll-offline', { body }));
      return { text: JSON.stringify(answer), planeId: planeIn(answer.body) };
    },
    onSuccess: () => forgetLists(client),
  });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const body = requestIn((await file?.text()) ?? '');
    setOdd(body === null);
    if (body !== null) enrol.mutate(body);
  };
  return (
    <Section title="A plane without any connection">
      <Stack maw={560} component="form" onSubmit={(event) => void submit(event)}>
        <Text size="sm">
          The customer’s plane writes a request file. Upload it here, and give the answer file back to the
          customer. To pass on later changes, upload the same request file again.
        </Text>
        <FileInput
          label="Request file"
          placeholder="request.json"
          accept="application/json,.json"
          clearable
          value={file}
          error={
            isOdd && 'This is not a request file. The customer creates it with atlas-tp enrol --offline.'
          }
          onChange={(chosen) => {
            setFile(chosen);
            setOdd(false);
            enrol.reset();
          }}
        />
        <ProblemAlert error={enrol.error} />
        {enrol.data === undefined ? (
          <Group>
            <Button type="submit" variant="default" loading={enrol.isPending} disabled={file === null}>
              Get the answer file
            </Button>
          </Group>
        ) : (
          <Alert color="green" title="The answer file is ready" role="status">
            {enrol.data.planeId !== tenant.tenant_plane_id && (
              <Text size="sm" mb="xs" fw={600}>
                This request file came from another plane, not that of {tenant.name}. The answer is for{' '}
                <PlaneLink id={enrol.data.planeId} />.
              </Text>
            )}
            <Text size="sm" mb="xs">
              The customer applies it with atlas-tp enrol --offline --answer answer.json.
            </Text>
            <Download text={enrol.data.text} file="answer.json" label="Download the answer file" />
          </Alert>
        )}
      </Stack>
    </Section>
  );
}

/** Which plane an answer is for. */
function planeIn(body: string): string {
  const { tenant_plane_id: id } = JSON.parse(body) as ControlPlaneSchemas['schemas']['EnrolAnswer'];
  return id;
}

/** Null if the text cannot be a request file. The Control Plane checks the rest. */
function requestIn(text: string): RequestFile | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && 'signature' in found
      ? (found as RequestFile)
      : null;
  } catch {
    return null;
  }
}
