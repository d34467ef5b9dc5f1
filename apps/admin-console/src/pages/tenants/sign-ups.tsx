import { Alert, Select, Stack, Text } from '@mantine/core';
import { SIGNUP_STATUSES } from '@atlas/operator-api/signup-statuses';
import { type ControlPlaneSchemas, CopyBlock, Page, Rows, StateBadge, When, bodyOf, oneOf } from '@atlas/web';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { api } from '../../api';
import { TenantLink } from '../../parts/links';
import { given } from '../../parts/search';

type Options = ControlPlaneSchemas['schemas']['SignInOptions'];
type Listed = ControlPlaneSchemas['schemas']['ListedSignup'];

const POLL_MS = 30_000;

/** Who has asked for a tenant, and whether anyone can. */
export function SignUps() {
  const { data: options } = useQuery({
    queryKey: ['sign-in-options'],
    queryFn: () => bodyOf(api.GET('/api/sign-in-options')),
    staleTime: 60_000,
  });
  const { status } = useSearch({ from: '/signed-in/sign-ups' });
  const navigate = useNavigate({ from: '/sign-ups' });
  const pages = useInfiniteQuery({
    queryKey: ['sign-ups', status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/sign-ups', { params: { query: { limit: 100, ...given({ status, cursor }) } } })),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: POLL_MS,
  });
  return (
    <Page
      title="Sign-ups"
      about="Who asked for a tenant on the public page. A sign-up is deleted a month after its link expired."
    >
      <Stack>
        {options && <State options={options} />}
        <Select
          label="State"
          placeholder="Any"
          clearable
          w={280}
          data={SIGNUP_STATUSES.map((value) => ({ value, label: STATES[value].label }))}
          value={status ?? null}
          onChange={(value) =>
            void navigate({ search: given({ status: oneOf(SIGNUP_STATUSES, value) }), replace: true })
          }
        />
        <Rows
          label="Sign-ups"
          pages={pages}
          keyOf={({ id }) => id}
          empty={
            status === undefined
              ? 'Nobody has signed up in the last 30 days.'
              : 'No sign-up is in this state. Clear the filter to see all.'
          }
          columns={[
            { name: 'State', width: 120, cell: ({ status }) => <StateBadge state={STATES[status].state} /> },
            { name: 'Email', width: 200, cell: ({ email }) => email },
            { name: 'Organisation', width: 140, cell: ({ organisation }) => organisation ?? '–' },
            { name: 'Tenant', width: 130, cell: (signup) => <TenantOf signup={signup} /> },
            { name: 'Asked', width: 115, cell: ({ created_at }) => <When at={created_at} /> },
            { name: 'Confirmed', width: 115, cell: ({ verified_at }) => <When at={verified_at} /> },
          ]}
        />
      </Stack>
    </Page>
  );
}

const STATES: { readonly [Status in Listed['status']]: { readonly state: string; readonly label: string } } =
  {
    unverified: { state: 'waiting', label: 'Waiting for the address to be confirmed' },
    expired: { state: 'expired', label: 'Expired: never confirmed' },
    provisioning: { state: 'provisioning', label: 'Provisioning' },
    active: { state: 'active', label: 'Active' },
    failed: { state: 'failed', label: 'Failed, or removed since' },
  };

function TenantOf({ signup: { tenant } }: { readonly signup: Listed }) {
  return tenant === null ? '–' : <TenantLink id={tenant.id} name={tenant.slug} />;
}

function State({ options: { sign_up: state } }: { readonly options: Options }) {
  if (state === 'open')
    return (
      <Stack gap={4} maw={520}>
        <Text size="sm">Sign-up is open. Anyone with an email address can get a shared tenant here:</Text>
        <CopyBlock name="the sign-up address" text={`${location.origin}/signup`} />
      </Stack>
    );
  return state === 'closed' ? (
    <Alert color="gray" title="Sign-up is closed">
      SIGNUP_CLOSED is 1. To open it, remove that variable and restart the Control Plane.
    </Alert>
  ) : (
    <Alert color="gray" title="Sign-up is off">
      The Control Plane sends no email, so it cannot check addresses. Set SMTP_URL and MAIL_FROM to open
      sign-up.
    </Alert>
  );
}
