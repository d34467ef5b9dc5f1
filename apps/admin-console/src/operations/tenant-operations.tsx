import { Alert, Checkbox, Select, Stack, Text, Textarea } from '@mantine/core';
import { CELL_MODELS, DEPLOYMENT_MODELS, profileOf } from '@atlas/deployment-profiles';
import { bodyOf, oneOf, useNow } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';
import { durationText } from '../parts/durations';
import { TextLink } from '../parts/links';
import { fleet } from '../parts/planes';
import { given } from '../parts/search';
import { type DeploymentModel, type Plan, type Tenant } from '../parts/types';
import { OperationDrawer } from './operation-drawer';

export interface TenantDrawerProps {
  readonly tenant: Tenant;
  readonly onClose: () => void;
}

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

function Reason({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <Textarea
      label="Reason"
      description="Optional. It is kept in the audit trail."
      autosize
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export function SuspendDrawer({ tenant, onClose }: TenantDrawerProps) {
  const [reason, setReason] = useState('');
  return (
    <OperationDrawer
      title={`Suspend ${tenant.name}`}
      verb={`Suspend ${tenant.slug}`}
      done={`${tenant.slug} is suspended.`}
      onClose={onClose}
      call={({ query, headers }) =>
        bodyOf(
          api.POST('/api/tenants/{id}/suspend', {
            params: { path: { id: tenant.id }, query },
            headers,
            body: reason === '' ? {} : { reason },
          }),
        )
      }
      fields={
        <Stack>
          <Text size="sm">
            Users are refused within a second. Their data stays. Monitoring alerts are refused, too.
          </Text>
          <Reason value={reason} onChange={setReason} />
        </Stack>
      }
    />
  );
}

export function ResumeDrawer({ tenant, onClose }: TenantDrawerProps) {
  return (
    <OperationDrawer
      title={`Resume ${tenant.name}`}
      verb={`Resume ${tenant.slug}`}
      done={`${tenant.slug} is active.`}
      onClose={onClose}
      call={({ query, headers }) =>
        bodyOf(api.POST('/api/tenants/{id}/resume', { params: { path: { id: tenant.id }, query }, headers }))
      }
      fields={<Text size="sm">Users can sign in again, with all their data.</Text>}
    />
  );
}

const MODEL_CHOICES = DEPLOYMENT_MODELS.map((value) => ({ value, label: profileOf(value).title }));

export function MoveDrawer({ tenant, onClose }: TenantDrawerProps) {
  const [model, setModel] = useState<DeploymentModel | null>(null);
  const [cell, setCell] = useState<string | null>(null);
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [losesRows, setLosesRows] = useState(false);
  const isToCell = model !== null && CELL_MODELS.includes(model);
  return (
    <OperationDrawer
      title={`Move ${tenant.name}`}
      verb={`Move ${tenant.slug}`}
      done={`${tenant.slug} has moved.`}
      onClose={onClose}
      isReady={model !== null}
      onRefusal={setProblems}
      isRed={losesRows}
      {...(losesRows && { typed: tenant.slug })}
      call={async ({ query, headers }) => {
        const answer = await bodyOf(
          api.POST('/api/tenants/{id}/move', {
            params: { path: { id: tenant.id }, query },
            headers,
            body: {
              deployment_model: model ?? tenant.deployment_model,
              ...given({ tenant_plane_id: isToCell ? (cell ?? undefined) : undefined }),
            },
          }),
        );
        if ('plan' in answer) setLosesRows(reopensCopy(answer.plan));
        return answer;
      }}
      isCellChosen={isToCell && cell !== null}
      explain={(plan) => <MoveNotes plan={plan} tenant={tenant} />}
      fields={
        <Stack>
          <Select
            label="Where to?"
            placeholder="Choose a model"
            data={MODEL_CHOICES}
            value={model}
            error={problems.deployment_model}
            onChange={(value) => setModel(oneOf(DEPLOYMENT_MODELS, value) ?? null)}
          />
          {isToCell && (
            <CellSelect tenant={tenant} value={cell} onChange={setCell} error={problems.tenant_plane_id} />
          )}
        </Stack>
      }
    />
  );
}

function reopensCopy({ steps }: Plan): boolean {
  return steps.some(({ name }) => name === 'reopen-copy');
}

function MoveNotes({ plan, tenant }: { readonly plan: Plan; readonly tenant: Tenant }) {
  if (reopensCopy(plan))
    return (
      <Alert color="red" title="Everything written after the earlier move is lost">
        The tenant’s home has lost its rows, so the old copy becomes its home again.
      </Alert>
    );
  return (
    <Text size="sm">
      {profileOf(tenant.deployment_model).installRequired &&
        'The customer must agree at their plane before anything is copied. '}
      Writes pause for at most 30 seconds near the end. The old copy is kept for a while, then removed by
      itself.
    </Text>
  );
}

interface CellSelectProps {
  readonly tenant: Tenant;
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  readonly error: string | undefined;
}

function CellSelect({ tenant, value, onChange, error }: CellSelectProps) {
  const { data: planes } = useQuery(fleet);
  const cells = (planes ?? []).filter(
    (plane) =>
      CELL_MODELS.includes(plane.deployment_model) &&
      plane.status === 'enrolled' &&
      plane.accepts_tenants &&
      plane.id !== tenant.tenant_plane_id,
  );
  const isInCell = CELL_MODELS.includes(tenant.deployment_model);
  if (isInCell && planes !== undefined && cells.length === 0 && error === undefined)
    return (
      <Text size="sm">
        No other cell takes tenants. To have one, <TextLink to="/fleet/register">register a cell</TextLink>.
      </Text>
    );
  return (
    <Select
      label="Cell"
      placeholder={isInCell ? 'Choose a cell' : 'Any cell with room'}
      clearable
      error={error}
      value={value}
      onChange={onChange}
      nothingFoundMessage="No other cell takes tenants."
      data={cells.map(({ id, name, capacity, tenants }) => ({
        value: id,
        label: `${name} (${capacity - tenants} free)`,
      }))}
    />
  );
}

interface DeprovisionProps extends TenantDrawerProps {
  /** Whether its last job failed because the tenant's rows are lost. */
  readonly isCopyLost: boolean;
  /** The running operation that this one would stop. */
  readonly stops: string | null;
}

export function DeprovisionDrawer({ tenant, onClose, isCopyLost, stops }: DeprovisionProps) {
  const [reason, setReason] = useState('');
  const [acceptsLoss, setAcceptsLoss] = useState(false);
  const isHeldByAtlas = profileOf(tenant.deployment_model).dataResidency.heldBy === 'atlas';
  return (
    <OperationDrawer
      title={`Deprovision ${tenant.name}`}
      verb={`Deprovision ${tenant.slug}`}
      done={`${tenant.slug} is deprovisioned.`}
      onClose={onClose}
      isRed
      typed={tenant.slug}
      call={({ query, headers }) =>
        bodyOf(
          api.POST('/api/tenants/{id}/deprovision', {
            params: { path: { id: tenant.id }, query },
            headers,
            body: {
              confirm_slug: tenant.slug,
              ...given({
                reason: reason === '' ? undefined : reason,
                accept_data_loss: acceptsLoss ? true : undefined,
              }),
            },
          }),
        )
      }
      explain={({ restorable_days: days }) => (
        <Alert
          color="red"
          title={days ? `It can be restored for ${daysText(days)}` : 'It cannot be restored'}
        >
          {afterwardsText(days ?? 0, isHeldByAtlas)}
        </Alert>
      )}
      fields={
        <Stack>
          <Alert color="red" title="This removes the tenant">
            {isHeldByAtlas
              ? 'Users are refused at once. A verified backup is made if there is data, and then every ' +
                'copy is removed. The preview says whether, and for how long, the tenant can be restored.'
              : 'Users are refused at once, and trust in the customer’s plane ends. The data stays with ' +
                'the customer. The preview says whether, and for how long, the tenant can be restored.'}
          </Alert>
          {stops !== null && (
            <Alert color="orange" title="A job is running">
              This stops the running job: {stops}.
            </Alert>
          )}
          {isCopyLost && (
            <Checkbox
              label="Remove it without a backup: its rows are lost"
              checked={acceptsLoss}
              onChange={(event) => setAcceptsLoss(event.currentTarget.checked)}
            />
          )}
          <Reason value={reason} onChange={setReason} />
        </Stack>
      }
    />
  );
}

function daysText(days: number): string {
  return days === 1 ? 'one day' : `${days} days`;
}

/** What happens once the tenant is removed. */
function afterwardsText(days: number, isHeldByAtlas: boolean): string {
  if (days === 0) return 'It is deleted for good, and its deletion certificate is issued.';
  const end = isHeldByAtlas
    ? 'the tenant’s backup is erased, so nobody can bring it back'
    : 'it cannot be restored, and its data stays with the customer';
  return (
    'That time begins when the last step is done. Its end is shown on the tenant’s page. ' +
    `After that, ${end}, and its deletion certificate is issued.`
  );
}

export function RestoreDrawer({ tenant, onClose }: TenantDrawerProps) {
  const left = Date.parse(tenant.restorable_until ?? '') - useNow(1000);
  const isOver = !(left > 0);
  return (
    <OperationDrawer
      title={`Restore ${tenant.name}`}
      verb={`Restore ${tenant.slug}`}
      done={`${tenant.slug} is back.`}
      onClose={onClose}
      isReady={!isOver}
      call={({ query, headers }) =>
        bodyOf(api.POST('/api/tenants/{id}/restore', { params: { path: { id: tenant.id }, query }, headers }))
      }
      fields={
        <Alert color={isOver ? 'gray' : 'orange'} title={isOver ? 'It is too late' : 'There is a deadline'}>
          {tenant.restorable_until === null
            ? 'This tenant cannot be restored.'
            : isOver
              ? `The time to restore ended on ${exact.format(new Date(tenant.restorable_until))}.`
              : `It can be restored until ${exact.format(new Date(tenant.restorable_until))}, ` +
                `for another ${durationText(left)}.`}
        </Alert>
      }
    />
  );
}
