import {
  Box,
  Button,
  Collapse,
  Group,
  Paper,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { CREATED_MODELS, DEPLOYMENT_MODELS, profileOf } from '@atlas/deployment-profiles';
import { Facts, Page, bodyOf, oneOf } from '@atlas/web';
import { useState } from 'react';
import { api } from '../../api';
import { useJob } from '../../jobs/use-job';
import { OperationFlow } from '../../operations/operation-drawer';
import { SignupLinkDialog } from '../../operations/signup-link';
import { DAY_SECONDS, TOKEN_LIFETIMES } from '../../operations/tokens';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { ButtonLink } from '../../parts/links';
import { useTenant } from '../../parts/tenants';
import { PLAN_CHOICES, given } from '../../parts/search';
import { type DeploymentModel, type Job, type Plan, type Tenant } from '../../parts/types';

const WITHIN = [{ to: '/tenants', label: 'Tenants' }];

interface Fields {
  readonly model: DeploymentModel;
  readonly name: string;
  readonly slug: string;
  readonly email: string;
  readonly plan: Tenant['plan'];
  readonly region: string;
  readonly order: string;
  readonly lifetime: string;
}

const BLANK: Fields = {
  model: 'shared',
  name: '',
  slug: '',
  email: '',
  plan: 'core',
  region: '',
  order: '',
  lifetime: DAY_SECONDS,
};

export function Provision() {
  const mayChange = useMayChange();
  return (
    <Page title="Provision a tenant" within={WITHIN} {...(!mayChange && { about: READ_ONLY })}>
      {mayChange && <ProvisionForm />}
    </Page>
  );
}

function ProvisionForm() {
  const [fields, setFields] = useState(BLANK);
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const profile = profileOf(fields.model);
  const name = fields.slug || fields.name;
  return (
    <Box maw={760}>
      <OperationFlow
        verb={`Provision ${name}`}
        done={`${name} is active.`}
        onRefusal={setProblems}
        call={({ query, headers }) =>
          bodyOf(
            api.POST('/api/tenants/provision', {
              params: { query },
              headers,
              body: {
                name: fields.name,
                deployment_model: fields.model,
                admin_email: fields.email,
                plan: fields.plan,
                ...given({
                  slug: fields.slug || undefined,
                  region: fields.region || undefined,
                  po_number: isCreated(fields.model) ? fields.order || undefined : undefined,
                  token_ttl_seconds: profile.installRequired ? Number(fields.lifetime) : undefined,
                }),
              },
            }),
          )
        }
        explain={(plan) => <Entered fields={fields} plan={plan} />}
        after={(job) => <AfterProvision job={job} />}
        fields={
          <ProvisionFields
            fields={fields}
            problems={problems}
            onChange={(change) => setFields({ ...fields, ...change })}
          />
        }
      />
    </Box>
  );
}

/** What will be provisioned, to be checked once more. */
function Entered({ fields, plan: { tenant } }: { readonly fields: Fields; readonly plan: Plan }) {
  const { installRequired, title } = profileOf(fields.model);
  const lifetime = TOKEN_LIFETIMES.find(({ value }) => value === fields.lifetime);
  return (
    <div>
      <Text fw={600} mb="xs">
        Check what you have entered:
      </Text>
      <Facts
        facts={[
          ['Name', fields.name],
          ['Slug', tenant?.slug],
          ['Address', tenant?.url ?? 'Known once the customer’s plane has enrolled'],
          ['Model', title],
          ['First admin', fields.email],
          ['Plan', fields.plan],
          ['Region', fields.region || 'Any'],
          isCreated(fields.model) ? ['Purchase order', fields.order || '–'] : null,
          installRequired ? ['Install token', `Valid for ${lifetime?.label}`] : null,
        ]}
      />
    </div>
  );
}

function isCreated(model: DeploymentModel): boolean {
  return CREATED_MODELS.some((created) => created === model);
}

function AfterProvision({ job }: { readonly job: Job }) {
  const { job: live } = useJob(job.id);
  if (job.tenant_id === null) return null;
  const isDone = live?.status === 'succeeded';
  return (
    <Group>
      {isDone && <FirstAdmin tenantId={job.tenant_id} />}
      <ButtonLink variant="default" to="/tenants/$id" params={{ id: job.tenant_id }}>
        Open the tenant
      </ButtonLink>
      {!isDone && (
        <Text size="sm" c="dimmed">
          You may leave this page: the tenant’s page shows the same steps.
        </Text>
      )}
    </Group>
  );
}

/** Nobody can use the tenant before its first admin has a link. */
function FirstAdmin({ tenantId }: { readonly tenantId: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data: tenant } = useTenant(tenantId);
  if (tenant === undefined) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Invite {tenant.admin_email}</Button>
      {isOpen && <SignupLinkDialog tenant={tenant} onClose={() => setOpen(false)} />}
    </>
  );
}

interface ProvisionFieldsProps {
  readonly fields: Fields;
  readonly problems: Readonly<Record<string, string>>;
  readonly onChange: (change: Partial<Fields>) => void;
}

function ProvisionFields({ fields, problems, onChange }: ProvisionFieldsProps) {
  const [isOpen, setOpen] = useState(false);
  const needsMore = ['region', 'po_number', 'plan', 'token_ttl_seconds'].some((name) => name in problems);
  const profile = profileOf(fields.model);
  return (
    <Stack>
      <Radio.Group
        label="Model"
        value={fields.model}
        onChange={(value) => onChange({ model: oneOf(DEPLOYMENT_MODELS, value) ?? fields.model })}
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} mt="xs">
          {DEPLOYMENT_MODELS.map((model) => (
            <ModelCard key={model} model={model} isChosen={model === fields.model} />
          ))}
        </SimpleGrid>
      </Radio.Group>
      <TextInput
        label="Name"
        required
        maxLength={100}
        value={fields.name}
        error={problems.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Slug"
        description="Part of the tenant’s address. Leave it empty to make it from the name."
        value={fields.slug}
        error={problems.slug}
        onChange={(event) => onChange({ slug: event.currentTarget.value.trim() })}
      />
      <TextInput
        label="First admin’s email"
        type="email"
        required
        autoComplete="off"
        value={fields.email}
        error={problems.admin_email}
        onChange={(event) => onChange({ email: event.currentTarget.value })}
      />
      {profile.installRequired && (
        <Select
          label="Install token valid for"
          description="The customer has to start the plane within this time."
          data={TOKEN_LIFETIMES}
          allowDeselect={false}
          value={fields.lifetime}
          error={problems.token_ttl_seconds}
          onChange={(value) => onChange({ lifetime: value ?? DAY_SECONDS })}
        />
      )}
      <UnstyledButton onClick={() => setOpen(!isOpen)} aria-expanded={isOpen || needsMore} fz="sm" c="blue">
        {isOpen || needsMore ? 'Fewer settings' : 'More settings'}
      </UnstyledButton>
      <Collapse expanded={isOpen || needsMore}>
        <Stack>
          <Select
            label="Plan"
            data={PLAN_CHOICES}
            allowDeselect={false}
            value={fields.plan}
            error={problems.plan}
            onChange={(value) => onChange({ plan: oneOf(PLAN_CHOICES, value) ?? fields.plan })}
          />
          <TextInput
            label="Region"
            description={profile.tenantFixed ? 'Optional.' : 'Optional. Only cells in this region are used.'}
            maxLength={40}
            value={fields.region}
            error={problems.region}
            onChange={(event) => onChange({ region: event.currentTarget.value })}
          />
          {isCreated(fields.model) && (
            <TextInput
              label="Purchase order"
              maxLength={100}
              value={fields.order}
              error={problems.po_number}
              onChange={(event) => onChange({ order: event.currentTarget.value })}
            />
          )}
        </Stack>
      </Collapse>
    </Stack>
  );
}

interface ModelCardProps {
  readonly model: DeploymentModel;
  readonly isChosen: boolean;
}

function ModelCard({ model, isChosen }: ModelCardProps) {
  const { title, bestFor, installRequired, dataResidency } = profileOf(model);
  return (
    <Paper withBorder p="sm" {...(isChosen && { bd: '1px solid var(--mantine-primary-color-filled)' })}>
      <Radio
        value={model}
        label={title}
        description={`${bestFor} ${installRequired ? 'The customer installs it.' : 'Atlas runs it.'}`}
      />
      <Text size="xs" c="dimmed" mt="xs">
        {dataResidency.text}
      </Text>
    </Paper>
  );
}
