import { Button, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Confirm, Section, StateBadge, When, bodyOf, onceKey } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { useMayChange } from '../../parts/access';
import { type Plane } from '../../parts/types';

type Copy = Plane['replaced_copies'][number];

interface CopiesProps {
  readonly plane: Plane;
}

/** The copies of a plane that was restored from a backup, and which of them counts. */
export function Copies({ plane }: CopiesProps) {
  const mayChange = useMayChange();
  const [chosen, setChosen] = useState<Copy | null>(null);
  const { incarnation, replaced_copies: replaced, last_report_at: heard } = plane;
  if (incarnation === null && replaced.length === 0) return null;
  return (
    <Section title="Copies">
      <Text size="sm">
        This plane was restored from a backup, so there are copies of it. One of them counts. What the others
        report is not recorded, and they are told so. They keep serving their users: an outdated copy that
        still reports has to be stopped where it runs.
      </Text>
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label="Copies of the plane">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Copy</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Last report</Table.Th>
              {mayChange && <Table.Th aria-label="Actions" />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            <Table.Tr>
              <Table.Td>{nameOf(incarnation)}</Table.Td>
              <Table.Td>
                <StateBadge state="counts" />
              </Table.Td>
              <Table.Td>
                <When at={heard} />
              </Table.Td>
              {mayChange && <Table.Td />}
            </Table.Tr>
            {replaced.toReversed().map((copy) => (
              <Table.Tr key={copy.incarnation}>
                <Table.Td>{nameOf(copy.incarnation)}</Table.Td>
                <Table.Td>
                  <StateBadge state="outdated" />
                  <Text size="xs" c="dimmed">
                    replaced <When at={copy.replaced_at} />
                  </Text>
                </Table.Td>
                <Table.Td>
                  {copy.reported_at === null ? 'None since' : <When at={copy.reported_at} />}
                </Table.Td>
                {mayChange && (
                  <Table.Td>
                    <Button size="compact-sm" variant="default" onClick={() => setChosen(copy)}>
                      Keep this copy
                    </Button>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {chosen && <KeepCopy plane={plane} copy={chosen} onClose={() => setChosen(null)} />}
    </Section>
  );
}

/** Restores choose their ids at random, so the first part tells them apart. */
function nameOf(incarnation: string | null): string {
  return incarnation === null ? 'As it was installed' : `Restore ${incarnation.slice(0, 8)}`;
}

interface KeepCopyProps extends CopiesProps {
  readonly copy: Copy;
  readonly onClose: () => void;
}

function KeepCopy({ plane: { id, name, incarnation: current }, copy, onClose }: KeepCopyProps) {
  const [once] = useState(onceKey);
  const client = useQueryClient();
  const keep = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/tenant-planes/{id}/keep-copy', {
          params: { path: { id } },
          headers: once,
          body: { copy: copy.incarnation ?? 'original' },
        }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['planes'] });
      notifications.show({ message: `The kept copy of ${name} counts from now on.` });
      onClose();
    },
  });
  return (
    <Confirm
      title={`Keep another copy of ${name}?`}
      verb="Keep this copy"
      error={keep.error}
      isPending={keep.isPending}
      onConfirm={() => keep.mutate()}
      onClose={onClose}
    >
      <Stack gap="xs">
        <Text size="sm">
          “{nameOf(copy.incarnation)}” counts from its next report. Check first that it runs: until it
          reports, nothing new is known about this plane.
        </Text>
        <Text size="sm">
          The other copy, “{nameOf(current)}”, is outdated. Nothing that it reports is recorded any more, and
          it takes no part in moves and backups. It is not stopped, and keeps serving its users. What they
          write there is missing in the kept copy, so stop it where it runs.
        </Text>
      </Stack>
    </Confirm>
  );
}
