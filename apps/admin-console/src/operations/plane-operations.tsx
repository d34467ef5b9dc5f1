import { Radio, Stack, Text, TextInput } from '@mantine/core';
import { bodyOf } from '@atlas/web';
import { useState } from 'react';
import { api } from '../api';
import { type Plan, type Plane } from '../parts/types';
import { OperationDrawer } from './operation-drawer';

export interface PlaneDrawerProps {
  readonly plane: Plane;
  readonly onClose: () => void;
}

export function RotateDrawer({ plane, onClose }: PlaneDrawerProps) {
  const [mode, setMode] = useState<'routine' | 'compromised'>('routine');
  const isCompromised = mode === 'compromised';
  return (
    <OperationDrawer
      title={`Rotate the secret of ${plane.name}`}
      verb={isCompromised ? 'Refuse the old secret now' : 'Rotate the secret'}
      done="The new secret is in use."
      onClose={onClose}
      isRed={isCompromised}
      {...(isCompromised && { typed: plane.name })}
      call={({ query, headers }) =>
        bodyOf(
          api.POST('/api/tenant-planes/{id}/rotate-secret', {
            params: { path: { id: plane.id }, query },
            headers,
            body: { mode },
          }),
        )
      }
      fields={
        <Radio.Group label="Why?" value={mode} onChange={(value) => setMode(value as typeof mode)}>
          <Stack gap="xs" mt="xs">
            <Radio
              value="routine"
              label="Routine"
              description="The plane picks up the new secret. Nothing stops."
            />
            <Radio
              value="compromised"
              label="The secret may be known to others"
              description={
                'The old secret is refused at once. The plane is cut off until it enrols with the new ' +
                'bundle; its users keep working.'
              }
            />
          </Stack>
        </Radio.Group>
      }
    />
  );
}

export function UpgradeDrawer({ plane, onClose }: PlaneDrawerProps) {
  const [version, setVersion] = useState('');
  const [problem, setProblem] = useState<string | undefined>();
  return (
    <OperationDrawer
      title={`Upgrade ${plane.name}`}
      verb={`Upgrade ${plane.name}`}
      done="The plane is upgraded."
      onClose={onClose}
      onRefusal={({ version: message }) => setProblem(message)}
      call={({ query, headers }) =>
        bodyOf(
          api.POST('/api/tenant-planes/{id}/upgrade', {
            params: { path: { id: plane.id }, query },
            headers,
            body: version === '' ? {} : { version },
          }),
        )
      }
      explain={(plan) => <Versions plan={plan} />}
      fields={
        <Stack>
          <Text size="sm">It runs {plane.version ?? 'no version yet'}.</Text>
          <TextInput
            label="Version"
            description="Leave it empty for the version that this Control Plane offers."
            placeholder="1.2.3"
            value={version}
            error={problem}
            onChange={(event) => setVersion(event.currentTarget.value.trim())}
          />
        </Stack>
      }
    />
  );
}

function Versions({ plan }: { readonly plan: Plan }) {
  const isByHand = plan.steps.some(({ name }) => name === 'await-version');
  return (
    <Text size="sm">
      From {plan.from ?? 'an unknown version'} to {String(plan.to)}.{' '}
      {isByHand
        ? 'Whoever runs the plane has to replace it. The job waits for up to 30 days.'
        : 'Users wait for a few seconds.'}
    </Text>
  );
}

export function DrainDrawer({ plane, onClose }: PlaneDrawerProps) {
  return (
    <OperationDrawer
      title={`Drain ${plane.name}`}
      verb={`Drain ${plane.name}`}
      done="The cell is empty and takes no tenants."
      onClose={onClose}
      call={({ query, headers }) =>
        bodyOf(
          api.POST('/api/tenant-planes/{id}/drain', { params: { path: { id: plane.id }, query }, headers }),
        )
      }
      explain={({ tenants = 0 }) => (
        <Text size="sm">
          {tenants === 1 ? 'One tenant moves' : `${tenants} tenants move`} to other cells, up to 4 at a time.
        </Text>
      )}
      fields={
        <Text size="sm">
          The cell takes no new tenants, and its tenants move to other cells. Writes of each tenant pause for
          at most 30 seconds.
        </Text>
      }
    />
  );
}
