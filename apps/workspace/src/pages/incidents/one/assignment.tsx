import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { usePageKeys } from '@atlas/web';
import { type Incident, isOpen } from '../../../incidents/incident';
import { SeveritySelect } from '../../../incidents/severity';
import { type ChangeIncident } from '../../../incidents/use-incident';
import { useAssignees, useNames } from '../../../people';
import { useUser } from '../../../session';

interface AssignmentProps {
  readonly incident: Incident;
  readonly change: ChangeIncident;
}

export function Assignment({ incident, change }: AssignmentProps) {
  return (
    <Stack gap="sm">
      <SeveritySelect
        description="The due times follow the severity."
        allowDeselect={false}
        value={incident.severity}
        disabled={change.isPending}
        onChange={(severity) => severity && change.mutate({ severity })}
      />
      <Assignee incident={incident} change={change} />
    </Stack>
  );
}

function Assignee({ incident, change }: AssignmentProps) {
  const { assignee_id: assignee } = incident;
  const { id: self } = useUser();
  const nameOf = useNames();
  const able = useAssignees();
  const assign = (id: string | null): void => change.mutate({ assignee_id: id });
  const mayTake = assignee !== self && isOpen(incident);
  usePageKeys({ t: () => mayTake && !change.isPending && assign(self) });
  return (
    <>
      {able.length > 0 ? (
        <Select
          label="Assignee"
          placeholder="Nobody"
          size="xs"
          searchable
          allowDeselect={false}
          data={able.map(({ id, name }) => ({ value: id, label: name }))}
          value={assignee}
          disabled={change.isPending}
          onChange={(id) => id && assign(id)}
        />
      ) : (
        <Text size="sm">Assignee: {assignee ? nameOf(assignee) : 'nobody'}</Text>
      )}
      <Group gap="xs">
        {mayTake && (
          <Button size="compact-sm" variant="light" disabled={change.isPending} onClick={() => assign(self)}>
            Take it
          </Button>
        )}
        {assignee !== null && (
          <Button
            size="compact-sm"
            variant="default"
            disabled={change.isPending}
            onClick={() => assign(null)}
          >
            Unassign
          </Button>
        )}
      </Group>
    </>
  );
}
